"""Values that place pods: tolerations and affinity that follow from the stack's placement."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.config.placement import Placement
from panda_infra.config.stack import Settings
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

__all__ = ["POD", "forces_pods", "placement_values", "pod_annotation", "writes_once"]

POD = "panda-infra/pod"
"""Annotation of a pod's template with the fields that a post-renderer adds to the pod."""
# The claim of a database or a broker.
_DATA = "data"
_IN_POD = ("affinity", "nodeSelector", "tolerations")
_UNHEALTHY = ("not-ready", "unreachable")


def placement_values(
    spec: SubComponentSpec, config: SubComponent, placement: Placement, *, forced: bool
) -> Values:
    """The values below a sub-chart's own key; empty if the sub-component has a placement of its own.

    ``forced`` is true if pods of lost nodes are deleted although they may still run.
    """
    values: Values = {}
    seconds = placement.evict_after
    if seconds is not None and not config.tolerations and writes_once(spec, forced=forced):
        values["tolerations"] = [_stay(condition, seconds) for condition in _UNHEALTHY]
    if placement.spread and spec.heavy and "podAntiAffinity" not in config.affinity:
        values["affinity"] = {"podAntiAffinity": _apart()}
    return values


def pod_annotation(values: Values) -> Values:
    """The values with the placement as an annotation too, for the post-renderer that writes it into the pod."""
    placed = {key: values[key] for key in _IN_POD if values.get(key)}
    if not placed:
        return values
    annotations = values.get("podAnnotations", {}) | {POD: json.dumps(placed, sort_keys=True)}
    return values | {"podAnnotations": annotations}


def writes_once(spec: SubComponentSpec, *, forced: bool) -> bool:
    """True if the data are safe when a pod leaves a lost node, where the old pod may still run and write.

    The charts' volumes can be mounted by two nodes at once. A StatefulSet replaces a pod only after its end is known,
    unless that is ``forced``; a Deployment replaces it at once.
    """
    return spec.claim(_DATA) is None or spec.locks or (spec.workload == "StatefulSet" and not forced)


def forces_pods(config: Settings) -> bool:
    """True if a component of the stack deletes pods of lost nodes although they may still run."""
    return any(COMPONENTS[name].forces(config) for name in config.components.deployed())


def _heavy() -> list[str]:
    """The services that can each fill a whole node."""
    found = (sub for spec in COMPONENTS.values() for sub in spec.sub_components if sub.heavy)
    return [sub.name for sub in sorted(found, key=lambda sub: sub.heavy)]


def _stay(condition: str, seconds: int) -> dict[str, Any]:
    taint = {"key": f"node.kubernetes.io/{condition}", "operator": "Exists", "effect": "NoExecute"}
    return taint | {"tolerationSeconds": seconds}


def _apart() -> dict[str, Any]:
    """A preference, not a requirement, so that all pods can run on a small cluster too."""
    heavy = {"key": "app.kubernetes.io/name", "operator": "In", "values": _heavy()}
    term = {"labelSelector": {"matchExpressions": [heavy]}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
