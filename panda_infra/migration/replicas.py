"""Harvester's databases per replica: five keys of the secrets chart that have a meaning only together."""

from __future__ import annotations

from typing import Any

from panda_infra.migration.checkout import Tree, mapping
from panda_infra.migration.outcome import Outcome
from panda_infra.migration.scalars import Scalar

__all__ = ["REPLICA_KEYS", "place_replicas"]

_PARENT = "harvester.database"
REPLICA_KEYS = tuple(
    f"{_PARENT}.{name}"
    for name in ("dbhost_add_index", "dbhost_prefix", "dbhost_domain", "db_add_index", "name_prefix")
)
_TARGET = ("components", "harvester", "settings", "database")
_USUAL = "harvester"


def place_replicas(values: Tree, outcome: Outcome) -> None:
    """Put the start scripts' interpretation of the five keys into the outcome: only `true` means yes."""
    database = mapping(mapping(values.get("harvester")).get("database"))
    if "harvester" not in outcome.sections["components"]:
        return
    _hosts(database, outcome)
    _databases(database, outcome)


def _hosts(database: Tree, outcome: Outcome) -> None:
    on, prefix, domain = (
        _given(database, name) for name in ("dbhost_add_index", "dbhost_prefix", "dbhost_domain")
    )
    if on and on.rendered != "true":
        outcome.settle(
            on.file, f"{_PARENT}.dbhost_add_index", "is not `true`, which alone the start scripts take"
        )
    elif on and not prefix:
        outcome.miss(on.file, f"{_PARENT}.dbhost_add_index", "has no meaning without dbhost_prefix")
    used = on is not None and on.rendered == "true" and prefix is not None
    for name, value, target in (
        ("dbhost_prefix", prefix, "hostPerReplica"),
        ("dbhost_domain", domain, "domainPerReplica"),
    ):
        if value and used:
            outcome.put((*_TARGET, target), value.text, origin=(value.file, f"{_PARENT}.{name}"))
        elif value:
            why = "has no meaning without dbhost_add_index: true and dbhost_prefix"
            outcome.miss(value.file, f"{_PARENT}.{name}", why)


def _databases(database: Tree, outcome: Outcome) -> None:
    on, prefix = _given(database, "db_add_index"), _given(database, "name_prefix")
    key = f"{_PARENT}.name_prefix"
    if on and on.rendered != "true":
        outcome.settle(
            on.file, f"{_PARENT}.db_add_index", "is not `true`, which alone the start scripts take"
        )
    elif on and not prefix:
        outcome.miss(on.file, f"{_PARENT}.db_add_index", "has no meaning without name_prefix")
    if prefix is None:
        return
    if on is None or on.rendered != "true":
        outcome.miss(prefix.file, key, "has no meaning without db_add_index: true")
        return
    outcome.put((*_TARGET, "databasePerReplica"), True, origin=(on.file, f"{_PARENT}.db_add_index"))
    name = _given(database, "name")
    if prefix.text != (name.text if name else _USUAL):
        outcome.put((*_TARGET, "name"), prefix.text, origin=(prefix.file, key))
        for told in (key, f"{_PARENT}.name"):
            why = (
                "differs from the other of the two: name_prefix was taken, which makes the names per replica"
            )
            outcome.miss(prefix.file, told, why)


def _given(tree: Tree, name: str) -> Scalar | None:
    value: Any = tree.get(name)
    return value if isinstance(value, Scalar) and value.given else None
