"""PanDA's database and ports."""

from panda_infra.config.base import Model
from panda_infra.config.settings.base import Backend, ComponentSettings, Host, Identifier, Port

__all__ = ["PandaDatabase", "PandaSchemas", "PandaSettings"]


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
    port: Port = 80
    """Port of the server's Service without TLS."""
    ssl_port: Port = 443
    """Port of the server's Service with TLS."""
