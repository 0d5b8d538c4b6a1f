"""PanDA's user interface: database and log-in."""

from typing import Annotated, Literal

from pydantic import Field

from panda_infra.config.base import Model
from panda_infra.config.settings.base import ComponentSettings, Host, Identifier, Port, Url
from panda_infra.config.settings.bigmon import ClientId

__all__ = ["UiDatabase", "UiSettings"]


class UiDatabase(Model):
    """The UI's own database; what is not given is as PanDA has it."""

    vendor: Literal["oracle", "postgresql"] | None = None
    """Kind of database."""
    host: Host | None = None
    """Host (postgresql)."""
    port: Port | None = None
    """Port (postgresql)."""
    name: Host | None = None
    """Name of the database, for Oracle the service or TNS alias."""
    user: Identifier | None = None
    """User of the database; a user of its own needs `secrets.ui.databasePassword`."""
    panda_schema: Identifier | None = None
    """Schema with PanDA's tables."""
    ui_schema: Identifier | None = None
    """Schema of the UI's own tables; PostgreSQL's default is public."""


class UiSettings(ComponentSettings):
    """Database and log-in of the UI."""

    database: UiDatabase = UiDatabase()
    """The UI's database."""
    client_id: ClientId | None = None
    """Client that is registered in IAM for the UI."""
    issuer: Url | None = None
    """Where people log in; default: the issuer of `auth`."""
    processes: Annotated[int, Field(ge=1)] = 10
    """WSGI processes of the backend."""
