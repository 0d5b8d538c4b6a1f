"""iDDS' database and port."""

from panda_infra.config.base import Model
from panda_infra.config.settings.base import Backend, ComponentSettings, Host, Identifier, Port

__all__ = ["IddsDatabase", "IddsSettings"]


class IddsDatabase(Model):
    """iDDS' database: the embedded one, or one elsewhere."""

    backend: Backend = "postgres"
    """Kind of database."""
    host: Host | None = None
    """Host or TNS alias of an external database; without it the embedded one is used."""
    port: Port = 5432
    """Port of the database; an Oracle alias needs none."""
    name: Identifier = "idds_db"
    """Name of the database."""
    user: Identifier = "idds"
    """User of the database."""
    schema_name: Identifier = "doma_idds"
    """Schema inside it."""


class IddsSettings(ComponentSettings):
    """Database and port of iDDS."""

    database: IddsDatabase = IddsDatabase()
    """iDDS' database."""
    rest_port: Port = 8443
    """Port of the REST Service."""
