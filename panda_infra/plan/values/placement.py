"""Values that place pods: the stack's choice as the tolerations and affinity of those services that need them."""

from __future__ import annotations

from typing import Any

from panda_infra.config.components import SubComponent
from panda_infra.config.placement import Placement
from panda_infra.plan.model import Values

__all__ = ["placement_values"]

# Services whose pods hold nothing that another node could not give them. A database is not among them: it is
# moved by who knows that its volume is free.
_MOVABLE = frozenset(
    {
        ("panda", "server"),
        ("panda", "jedi"),
        ("harvester", "harvester"),
        ("bigmon", "main"),
        ("ui", "backend"),
    }
)
# Services each of which can fill a node of its own.
_HEAVY = (
    ("panda", "server"),
    ("panda", "jedi"),
    ("harvester", "harvester"),
    ("bigmon", "main"),
    ("idds", "rest"),
)
_UNHEALTHY = ("not-ready", "unreachable")


def placement_values(
    component: str, sub_component: str, config: SubComponent, placement: Placement
) -> Values:
    """The values below a sub-chart's own key; none where the sub-component says itself where it wants to be."""
    service = (component, sub_component)
    values: Values = {}
    if placement.evict_after is not None and service in _MOVABLE and not config.tolerations:
        values["tolerations"] = [_stay(condition, placement.evict_after) for condition in _UNHEALTHY]
    if placement.spread and service in _HEAVY and "podAntiAffinity" not in config.affinity:
        values["affinity"] = {"podAntiAffinity": _apart()}
    return values


def _stay(condition: str, seconds: int) -> dict[str, Any]:
    taint = {"key": f"node.kubernetes.io/{condition}", "operator": "Exists", "effect": "NoExecute"}
    return taint | {"tolerationSeconds": seconds}


def _apart() -> dict[str, Any]:
    """A preference, no must: on a small cluster everything still finds a place."""
    heavy = {"key": "app.kubernetes.io/name", "operator": "In", "values": [name for _, name in _HEAVY]}
    term = {"labelSelector": {"matchExpressions": [heavy]}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
