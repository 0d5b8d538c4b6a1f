"""Values that place pods: tolerations and affinity that follow from the stack's placement."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.config.stack import Settings
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

__all__ = ["POD", "forces_pods", "in_pod", "placement_values", "pod_annotation", "stay", "writes_once"]

POD = "panda-infra/pod"
"""Annotation of a pod's template with the fields that a post-renderer adds to the pod."""
# The claim of a database or a broker.
_DATA = "data"
_NODE = "node.kubernetes.io/"
_IN_POD = ("affinity", "nodeSelector", "tolerations")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_UNHEALTHY = ("not-ready", "unreachable")
# Seconds until pods leave a lost node, in a stack with node recovery that gives no other number.
_RECOVERED_AFTER = 30


def placement_values(spec: SubComponentSpec, config: SubComponent, stack: Settings, release: str) -> Values:
    """The values below the own key of a sub-chart of ``release``; a placement of its own comes before the stack's.

    With node recovery, the pods of every sub-component leave a lost node early, its own tolerations or not: what they
    leave behind is released as soon as the machine is known to be down.
    """
    values: Values = {}
    placement, recovers = stack.placement, stack.node_recovery is not None
    seconds = placement.evict_after
    if recovers:
        values["tolerations"] = _own_and_stay(config, _RECOVERED_AFTER if seconds is None else seconds)
    elif seconds is not None and not config.tolerations and writes_once(spec, forced=forces_pods(stack)):
        values["tolerations"] = [stay(condition, seconds) for condition in _UNHEALTHY]
    if placement.spread and spec.heavy and "podAntiAffinity" not in config.affinity:
        values["affinity"] = {"podAntiAffinity": _apart()}
    if recovers and not writes_once(spec, forced=False):
        own = config.affinity.get("podAntiAffinity") or {}
        terms = [*(own.get(_REQUIRED) or ()), _only_one(spec, release)]
        values["affinity"] = {"podAntiAffinity": {**own, _REQUIRED: terms}}
    return values


def pod_annotation(values: Values) -> Values:
    """The values with the placement as an annotation too, for the post-renderer that writes it into the pod."""
    placed = {key: values[key] for key in in_pod(values)}
    if not placed:
        return values
    annotations = values.get("podAnnotations", {}) | {POD: json.dumps(placed, sort_keys=True)}
    return values | {"podAnnotations": annotations}


def in_pod(values: Values) -> tuple[str, ...]:
    """The values that place a pod, of those below a sub-chart's own key."""
    return tuple(key for key in _IN_POD if values.get(key))


def writes_once(spec: SubComponentSpec, *, forced: bool) -> bool:
    """True if the data are safe when a pod leaves a lost node, where the old pod may still run and write.

    The charts' volumes can be mounted by two nodes at once. A StatefulSet replaces a pod only after its end is known,
    unless that is ``forced``; a Deployment replaces it at once.
    """
    return spec.claim(_DATA) is None or spec.locks or (spec.workload == "StatefulSet" and not forced)


def forces_pods(config: Settings) -> bool:
    """True if a component of the stack deletes pods of lost nodes although they may still run."""
    return any(COMPONENTS[name].forces(config) for name in config.components.deployed())


def _own_and_stay(config: SubComponent, seconds: int) -> list[dict[str, Any]]:
    """The sub-component's own tolerations, and for each condition of lost nodes that they leave out the stack's."""
    own = [each.model_dump(by_alias=True, exclude_none=True) for each in config.tolerations]
    tolerated = {each.key for each in config.tolerations}
    return [*own, *(stay(each, seconds) for each in _UNHEALTHY if f"{_NODE}{each}" not in tolerated)]


def _only_one(spec: SubComponentSpec, release: str) -> dict[str, Any]:
    """An anti-affinity: no pod of a database starts before the object of the former pod is gone.

    A Deployment makes the next pod at once, but the scheduler keeps it waiting, because all nodes are of one system:
    the claim never has two writers. The charts replace these pods by `Recreate`, which needs no second one.
    """
    return {"labelSelector": {"matchLabels": spec.pod_labels(release)}, "topologyKey": "kubernetes.io/os"}


def _heavy() -> list[str]:
    """The services that can each fill a whole node."""
    found = (sub for spec in COMPONENTS.values() for sub in spec.sub_components if sub.heavy)
    return [sub.name for sub in sorted(found, key=lambda sub: sub.heavy)]


def stay(condition: str, seconds: int) -> dict[str, Any]:
    """The toleration with which a pod stays for some seconds on a node that is ``not-ready`` or ``unreachable``."""
    taint = {"key": f"{_NODE}{condition}", "operator": "Exists", "effect": "NoExecute"}
    return taint | {"tolerationSeconds": seconds}


def _apart() -> dict[str, Any]:
    """A preference, not a requirement, so that all pods can run on a small cluster too."""
    heavy = {"key": "app.kubernetes.io/name", "operator": "In", "values": _heavy()}
    term = {"labelSelector": {"matchExpressions": [heavy]}, "topologyKey": "kubernetes.io/hostname"}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
