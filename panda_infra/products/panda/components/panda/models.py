"""Settings of PanDA in a stack file, and its encrypted values."""

from typing import TYPE_CHECKING, Annotated

from pydantic import SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.products.panda.limits import CONFIG, SED, SERVER
from panda_infra.products.secret_values import KEPT_BY_DATABASE, SecretValue, password
from panda_infra.products.settings import Backend, ComponentSettings, Host, Identifier, Port
from panda_infra.products.workloads import Component, Daemon, SubComponent

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "Panda",
    "PandaDatabase",
    "PandaSchemas",
    "PandaSecrets",
    "PandaServer",
    "PandaSettings",
    "has_own_user",
]


class PandaSchemas(Model):
    """Schemas of PanDA's database."""

    panda: Identifier = "DOMA_PANDA"
    """Jobs and workers."""
    meta: Identifier = "DOMA_PANDAMETA"
    """Sites and configuration."""
    archive: Identifier = "DOMA_PANDAARCH"
    """Finished jobs."""
    jedi: Identifier = "DOMA_PANDA"
    """Tasks."""
    deft: Identifier = "DOMA_DEFT"
    """Production system."""


_Version = Annotated[
    str, Form(r"\d+\.\d+\.\d+", "the version of PanDA's tables in quotes, three numbers", "0.1.5", longest=32)
]


class PandaDatabase(Model):
    """PanDA's database: the embedded one, or one elsewhere."""

    backend: Backend = "postgres"
    """Kind of database."""
    host: Host | None = None
    """Host or TNS alias of an external database; without it the embedded one is used."""
    port: Port = 5432
    """Port of the database."""
    name: Identifier = "panda_db"
    """Name of the database."""
    user: Identifier = "panda"
    """User of the database."""
    schemas: PandaSchemas = PandaSchemas()
    """Schemas inside it."""


class PandaSettings(ComponentSettings):
    """Database and ports of the PanDA server."""

    database: PandaDatabase = PandaDatabase()
    """PanDA's database."""
    database_schema: _Version | None = None
    """Version of the database's tables that the images need at least, for images of which the program does not know it:
    where the database has older ones, nothing is deployed."""
    port: Port = 80
    """Port of the server's Service without TLS."""
    ssl_port: Port = 443
    """Port of the server's Service with TLS."""


class PandaServer(Daemon):
    """The PanDA server's httpd."""

    extra_env: dict[str, str] = {}
    """More environment variables that are not secret."""
    shared_cache: bool = False
    """Give all replicas one cache volume."""


class Panda(Component):
    """PanDA server, JEDI and their database."""

    server: PandaServer = PandaServer()
    """The server."""
    jedi: Daemon = Daemon()
    """JEDI."""
    postgres: SubComponent = SubComponent()
    """The embedded database; off when an external one is used."""
    node_recovery: bool = False
    """The chart's own job, which force-deletes pods that hang on dead nodes (once per cluster); the section
    `nodeRecovery` replaces it."""
    settings: PandaSettings = PandaSettings()
    """Database, ports."""


def _external_database(config: "Settings") -> bool:
    panda = config.components.get(Panda)
    return panda is not None and (not panda.postgres.enabled or panda.settings.database.host is not None)


class PandaSecrets(Model):
    """Secrets of PanDA."""

    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of PanDA's database",
            make=password,
            shared=_external_database,
            secrets=("panda-envs",),
            limits={"panda/postgres": SED, "panda/server": SERVER, "panda/jedi": CONFIG},
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of PanDA's database."""


def has_own_user(config: "Settings", user: str | None) -> bool:
    """True if a component logs in to PanDA's database as another user than PanDA."""
    panda = config.components.get(Panda)
    return user is not None and not (panda and user == panda.settings.database.user)
