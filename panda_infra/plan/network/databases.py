"""The pods of databases by an operator, for network policies: their label, and the connections that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from panda_infra.config.operators import Servers
from panda_infra.config.stack import Settings
from panda_infra.products.databases import Database, MariaDbDatabase, PostgresDatabase
from panda_infra.products.model import ComponentSpec
from panda_infra.products.registry import COMPONENTS

__all__ = ["DATABASE", "DatabasePods", "database_label", "database_pods"]

DATABASE = "database"
"""The name of an operator's database among the parts of its component."""
_LABEL = "panda-infra/database"


def database_label(cluster: str) -> dict[str, str]:
    """The label of all pods of a database: its servers, the operator's jobs, and servers that are restored of it."""
    return {_LABEL: cluster}


@dataclass(frozen=True)
class DatabasePods:
    """The pods of a database.

    ``part`` is their name beside those of sub-components. Components connect to the ``service`` on the ``port``, the
    operator in the namespace ``operator`` to the ports that it ``asks``, and the pods to each other on those
    ``among`` them. Changes go to the ``archives``, by their addresses.
    """

    part: str
    cluster: str
    service: str
    port: int
    asks: tuple[int, ...]
    among: tuple[int, ...]
    operator: str | None
    archives: tuple[str, ...] = ()


def database_pods(config: Settings) -> Iterator[DatabasePods]:
    """The pods of every database of an operator."""
    if section := config.postgres:
        other = config.standby.archive if config.standby else None
        archives = tuple(each.endpoint for each in (section.backup, other) if each)
        # The manager of each server answers on port 8000; the others ask it whether they are reachable.
        among = (PostgresDatabase.port, 8000)
        kind = _Kind(lambda spec: spec.postgres, (8000,), among, section.namespace, archives)
        yield from _pods(config, section.databases, kind)
    if served := config.mariadb:
        archives = (served.backup.endpoint,) if served.backup else ()
        # The agent beside each server listens at port 5555.
        port = MariaDbDatabase.port
        kind = _Kind(lambda spec: spec.mariadb, (port, 5555), (port,), served.namespace, archives)
        yield from _pods(config, served.databases, kind)


@dataclass(frozen=True)
class _Kind:
    of: Callable[[ComponentSpec], Database | None]
    asks: tuple[int, ...]
    among: tuple[int, ...]
    operator: str | None
    archives: tuple[str, ...]


def _pods(config: Settings, given: Mapping[str, Servers], kind: _Kind) -> Iterator[DatabasePods]:
    for component, settings in given.items():
        if database := kind.of(COMPONENTS[component]):
            yield DatabasePods(
                f"{component}.{DATABASE}",
                database.cluster(config.names),
                database.service(config.names, settings.instances),
                database.port,
                kind.asks,
                kind.among,
                kind.operator,
                kind.archives,
            )
