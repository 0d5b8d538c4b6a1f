"""Settings of Harvester in a stack file, and its encrypted values."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.panda.limits import HARVESTER
from panda_infra.products.secret_values import KEPT_BY_DATABASE, SecretValue, password
from panda_infra.products.settings import ComponentSettings, Host, Identifier, Word
from panda_infra.products.workloads import Component, Daemon, SubComponent

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["Harvester", "HarvesterDatabase", "HarvesterSecrets", "HarvesterSettings"]


class HarvesterDatabase(Model):
    """Harvester's MariaDB: the embedded one, or one elsewhere."""

    host: Host | None = None
    """Host of an external database; without it the embedded one is used."""
    name: Identifier = "harvester"
    """Name of the database."""
    user: Identifier = "harvester"
    """User of the database."""
    database_per_replica: bool = False
    """Give each replica its own database `<name>_<replica>` (read by the experiments lsst and lsst-prod)."""
    host_per_replica: Host | None = None
    """Give each replica its own database host `<this>-<replica>` (read by the experiments lsst and lsst-prod)."""
    domain_per_replica: Host | None = None
    """Domain that is added to those hosts."""


class HarvesterSettings(ComponentSettings):
    """Identity, database and HTCondor of Harvester."""

    harvester_id: Word | None = None
    """Name of this Harvester at the PanDA server; default: the release's name."""
    database: HarvesterDatabase = HarvesterDatabase()
    """Harvester's database."""
    condor_channel: Literal["9", "stable", "latest"] = "latest"
    """Version of HTCondor to unpack, of those in the image."""


class Harvester(Component):
    """Harvester and its database."""

    harvester: Daemon = Daemon()
    """The harvester."""
    mariadb: SubComponent = SubComponent()
    """The embedded database; off when an external one is used."""
    settings: HarvesterSettings = HarvesterSettings()
    """Database, identity."""


def _external_database(config: "Settings") -> bool:
    harvester = config.components.get(Harvester)
    return harvester is not None and (
        not harvester.mariadb.enabled or harvester.settings.database.host is not None
    )


def _embedded_database(config: "Settings") -> bool:
    harvester = config.components.get(Harvester)
    return harvester is not None and harvester.mariadb.enabled


class HarvesterSecrets(Model):
    """Secrets of Harvester."""

    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of Harvester's database",
            make=password,
            shared=_external_database,
            secrets=("harvester-envs", "harvester-initdb"),
            limits={"harvester/harvester": HARVESTER},
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of Harvester's database."""
    database_root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the administrator of Harvester's embedded database",
            make=password,
            secrets=("harvester-envs",),
            needed=_embedded_database,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the embedded database's administrator."""
