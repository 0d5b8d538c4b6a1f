"""The databases that an operator in the cluster may make for components, in place of those of their charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names

__all__ = ["Database", "MariaDbDatabase", "PostgresDatabase"]


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database that a component uses.

    It takes the place of a chart's part ``instead``, COMPONENT/SUB-COMPONENT, whose name it gets. ``host`` is what the
    stack file has under ``key`` for a database elsewhere, and ``beside`` names what must be there too; ``owner`` is its
    user. User and password are keys of the Secret with the suffix ``secret``.
    """

    instead: str
    key: str
    beside: str
    host: Callable[[Settings], str | None]
    owner: Callable[[Settings], str]
    secret: str
    user: str
    password: str

    # Endings of the Service for writes, after the name of the servers: with one server, and with several.
    services: ClassVar[tuple[str, str]]
    # TCP port of the servers.
    port: ClassVar[int]

    def cluster(self, names: Names) -> str:
        """Name of the servers together, as the operator's objects have it."""
        return names.workload(*self.instead.split("/"))

    def service(self, names: Names, instances: int) -> str:
        """Name of the Service that leads to the server that may be written to."""
        return f"{self.cluster(names)}{self.services[instances > 1]}"


@dataclass(frozen=True, kw_only=True)
class PostgresDatabase(Database):
    """A PostgreSQL that a component uses; ``name`` is that of the database.

    ``preloaded`` are libraries that the server loads when it starts; an image with these and with the ``extensions``
    must then be named, because the operator's has none. ``prepared`` are statements of the administrator in the
    database `postgres`, ``inside`` those in the database itself; both are run once, before anything else.
    """

    name: Callable[[Settings], str]
    preloaded: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    services = ("-rw", "-rw")
    port = 5432


@dataclass(frozen=True, kw_only=True)
class MariaDbDatabase(Database):
    """A MariaDB that a component uses, with one database or several: ``databases`` are their names.

    The user has the ``rights`` in each of them, and may have as many ``connections`` at once. The ``image``, repository
    and tag, is what the component is tested with.
    """

    databases: Callable[[Settings], tuple[str, ...]]
    image: tuple[str, str]
    rights: tuple[str, ...] = ("ALL PRIVILEGES",)
    character_set: str = "utf8mb4"
    collation: str = "utf8mb4_general_ci"
    connections: int = 150

    services = ("", "-primary")
    port = 3306

    def cluster(self, names: Names) -> str:
        """The operator's StatefulSet has this name: it may not take that of a chart for its own, with its content."""
        return f"{super().cluster(names)}-server"
