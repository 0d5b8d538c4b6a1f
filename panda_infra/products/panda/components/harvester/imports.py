"""Harvester's part of an import; five keys of its database have a meaning only together."""

from __future__ import annotations

from typing import Any

from panda_infra.config.scalars import Scalar
from panda_infra.products.imports import Folder, Imports
from panda_infra.products.migrated import Outcome
from panda_infra.tree import Values, value_at

__all__ = ["IMPORTS"]

_PARENT = "harvester.database"
_TARGET = ("components", "harvester", "settings", "database")
_USUAL = "harvester"
_NOT_TRUE = "is not `true`, which alone the start scripts take"


def _finish(values: Values, outcome: Outcome) -> None:
    """Put the start scripts' interpretation of the five keys into the outcome: only `true` means yes."""
    database = value_at(values, ("database",), None)
    if isinstance(database, dict):
        _hosts(database, outcome)
        _databases(database, outcome)


def _hosts(database: Values, outcome: Outcome) -> None:
    on, prefix, domain = (
        _given(database, name) for name in ("dbhost_add_index", "dbhost_prefix", "dbhost_domain")
    )
    if on and on.rendered != "true":
        outcome.settle(on.file, f"{_PARENT}.dbhost_add_index", _NOT_TRUE)
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


def _databases(database: Values, outcome: Outcome) -> None:
    on, prefix = _given(database, "db_add_index"), _given(database, "name_prefix")
    key = f"{_PARENT}.name_prefix"
    if on and on.rendered != "true":
        outcome.settle(on.file, f"{_PARENT}.db_add_index", _NOT_TRUE)
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
        why = "differs from the other of the two: name_prefix was taken, which makes the names per replica"
        for either in (key, f"{_PARENT}.name"):
            outcome.miss(prefix.file, either, why)


def _given(tree: Values, name: str) -> Scalar | None:
    value: Any = tree.get(name)
    return value if isinstance(value, Scalar) and value.given else None


IMPORTS = Imports(
    texts={
        "harvesterID": "harvesterId",
        "database.dbhost": "database.host",
        "database.name": "database.name",
        "database.user": "database.user",
        "condorChannel": "condorChannel",
    },
    secrets={"database.password": "databasePassword"},
    together=(
        "database.dbhost_add_index",
        "database.dbhost_prefix",
        "database.dbhost_domain",
        "database.db_add_index",
        "database.name_prefix",
    ),
    finish=_finish,
    settled={
        "database.admin_password": "only fills a Secret that no chart reads",
        "replicaCount": "follows from the replicas of harvester",
    },
    of_experiment={"experiment": lambda experiment: experiment.harvester},
    may_be_empty=("experiment", "database.dbhost", "database.name", "database.user"),
    folders={
        "harvester_certs": Folder(endings=(".pem",), certificate=True),
        "harvester_auth": Folder(flat=True, key="harvesterAuth"),
    },
    shared_logs="harvester.sharedLogs",
    decided={
        "harvester.panda": "follows from the stack's names",
        "harvester.sharedLogs": "the shared claim is made before all releases (T20)",
    },
    served_by="bigmon",
)
