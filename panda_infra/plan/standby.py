"""A stack that stands by has all that the active one has, but no pod that serves or works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config.cluster import MagnumCluster
from panda_infra.config.stack import Settings
from panda_infra.plan.model import ClusterObject, Plan
from panda_infra.plan.values.owners import without_replica_count
from panda_infra.products.model import ComponentSpec
from panda_infra.tree import Values, merged

__all__ = ["MARK", "Role", "at_rest", "idle", "is_idle", "mark", "role_in", "role_of", "stands_by"]

MARK = "panda-infra-standby"
"""The name of the object with the role of a stack in its cluster: even a deployment by an old stack file finds it."""
_ACTIVE, _STANDBY = "active", "standby"


@dataclass(frozen=True)
class Role:
    """The role of a stack in a pair with ``other``, and its term."""

    active: bool
    term: int
    other: str

    def __str__(self) -> str:
        return f"{_ACTIVE if self.active else _STANDBY} in term {self.term}"


def role_of(plan: Plan) -> Role | None:
    """The role of a plan's stack in its pair; None if it is in none."""
    standby = plan.config.standby
    return Role(standby.of == plan.stack, standby.term, standby.other(plan.stack)) if standby else None


def role_in(found: Mapping[str, Any]) -> Role | None:
    """The role of a stack in an object of its cluster; None if the object is not the mark of a role."""
    data = found.get("data") or {}
    if (found.get("metadata") or {}).get("name") != MARK or not str(data.get("term")).isdigit():
        return None
    return Role(data.get("role") == _ACTIVE, int(data["term"]), str(data.get("other")))


def is_idle(stack: str, config: Settings) -> bool:
    """True if a stack stands by for another one."""
    return config.standby is not None and config.standby.of != stack


def stands_by(plan: Plan) -> bool:
    """True if the stack of a plan stands by for another one."""
    return is_idle(plan.stack, plan.config)


def idle(config: Settings) -> Settings:
    """The settings of a stack while it stands by: no host leads to it, and its alerts notify nobody."""
    changed: dict[str, Any] = {"monitoring": None}
    cluster = config.cluster
    if isinstance(cluster, MagnumCluster) and cluster.aliases == "program":
        changed["cluster"] = cluster.model_copy(update={"aliases": "standby"})
    return config.model_copy(update=changed)


def at_rest(spec: ComponentSpec, values: Values) -> Values:
    """The values of a component without any pod but those of its databases."""
    resting = (sub.name for sub in spec.sub_components if not sub.is_database)
    none: Values = {name: {"replicaCount": 0} for name in resting}
    return merged(without_replica_count(values), none)


def mark(plan: Plan) -> ClusterObject | None:
    """The object with the role of a stack of a pair; None if it has no other one."""
    role = role_of(plan)
    if role is None:
        return None
    metadata = {"name": MARK, "namespace": plan.config.namespace, "annotations": plan.owner.mark}
    data = {"role": _ACTIVE if role.active else _STANDBY, "other": role.other, "term": str(role.term)}
    return ClusterObject("v1", "ConfigMap", "standby", {"metadata": metadata, "data": data})
