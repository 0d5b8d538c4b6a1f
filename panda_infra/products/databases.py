"""The PostgreSQL of a component where its chart brings none: what an operator in the cluster has to make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names

__all__ = ["Database"]


@dataclass(frozen=True)
class Database:
    """A database that a component uses.

    It takes the place of a chart's part ``instead``, COMPONENT/SUB-COMPONENT, whose name it gets. ``host`` is what the
    stack file has under ``key`` for a database elsewhere, ``name`` the database's name and ``owner`` its user. User and
    password are keys of the Secret with the suffix ``secret``.

    ``preloaded`` are libraries that the server loads when it starts; an image with these and with the ``extensions``
    must then be named, because the operator's has none. ``prepared`` are statements of the administrator in the
    database `postgres`, ``inside`` those in the database itself; both are run once, before anything else.
    """

    instead: str
    key: str
    host: Callable[[Settings], str | None]
    name: Callable[[Settings], str]
    owner: Callable[[Settings], str]
    secret: str
    user: str
    password: str
    preloaded: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()

    def cluster(self, names: Names) -> str:
        """Name of the servers together, as the operator's objects have it."""
        return names.workload(*self.instead.split("/"))

    def service(self, names: Names) -> str:
        """Name of the Service that leads to the server that may be written to."""
        return f"{self.cluster(names)}-rw"
