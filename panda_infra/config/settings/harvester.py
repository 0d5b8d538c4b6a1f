"""Harvester's identity and database."""

from typing import Literal

from panda_infra.config.base import Model
from panda_infra.config.settings.base import ComponentSettings, Host, Identifier, Word

__all__ = ["HarvesterDatabase", "HarvesterSettings"]


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
    """Name under which the PanDA server knows this Harvester; default: the release's name."""
    database: HarvesterDatabase = HarvesterDatabase()
    """Harvester's database."""
    condor_channel: Literal["9", "stable", "latest"] = "latest"
    """Which of the image's HTCondor versions is unpacked."""
