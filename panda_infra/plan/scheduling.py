"""Finds pods that fit on no node, by labels, taints and size, in the way of Kubernetes' scheduler.

The current use of nodes is left out, because it changes from minute to minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panda_infra.errors import Problem
from panda_infra.plan.capacity import Requests, Workload, homeless, node_sizes, room_of, workloads
from panda_infra.plan.flavors import FLAVORS, Flavor
from panda_infra.plan.model import Plan

__all__ = ["Node", "larger_than_nodes", "unplaceable"]

# The cluster itself sets these temporarily.
_PASSING = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
_SMALLER = (
    "Request less, e.g. `resources: {requests: {cpu: '1', memory: 4Gi}, limits: {cpu: '2', memory: 8Gi}}`"
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True)
class Node:
    """A node of a cluster; ``room`` is the total that its pods may request."""

    name: str
    labels: Mapping[str, str]
    taints: Sequence[Mapping[str, Any]]
    room: Requests


def unplaceable(plan: Plan, nodes: Sequence[Node]) -> Iterator[Problem]:
    """A problem for each workload that fits on no node of the cluster, at the key that excludes the last nodes."""
    for each in workloads(plan):
        where = f"components.{each.component}.{each.spec.name}"
        chosen = [node for node in nodes if _chosen(each.values, node)]
        allowed = [node for node in chosen if not _repelled_by(each.values, node)]
        if not chosen:
            yield _unchosen(where, each.values, nodes)
        elif not allowed:
            yield _repelled(where, each.values, chosen)
        elif not any(each.requests.within(node.room) for node in allowed):
            yield _too_large(where, each, allowed)


def larger_than_nodes(plan: Plan, flavors: Mapping[str, Flavor] = FLAVORS) -> Iterator[Problem]:
    """A problem for each workload whose pods fit on no worker made by Magnum; none if a flavor is unknown."""
    for each in homeless(plan, flavors):
        sizes = {name: room_of(flavor) for name, flavor, _ in node_sizes(plan.config.cluster, flavors)}
        name = max(sizes, key=lambda name: (sizes[name].memory, sizes[name].cpu))
        what = f"a pod requests {each.requests}, and the largest worker, of flavor {name}, has {sizes[name]}"
        where = f"components.{each.component}.{each.spec.name}.resources"
        yield Problem(where, what, f"{_SMALLER}, or write a larger flavor.")


def _unchosen(where: str, values: Mapping[str, Any], nodes: Sequence[Node]) -> Problem:
    selector = values.get("nodeSelector") or {}
    if any(_selected(selector, node) for node in nodes):
        what = "no node of the cluster matches what nodeAffinity requires"
        return Problem(
            f"{where}.affinity", what, "Correct it, or label nodes: `kubectl get nodes --show-labels`."
        )
    wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
    known = [f"{key}: {_values(key, nodes)}" for key in selector]
    fix = f"Nodes have these values of the labels: {'; '.join(known)}."
    return Problem(f"{where}.nodeSelector", f"no node of the cluster has {wanted}", fix)


def _values(key: str, nodes: Sequence[Node]) -> str:
    return ", ".join(sorted({node.labels[key] for node in nodes if key in node.labels})) or "none"


def _repelled(where: str, values: Mapping[str, Any], nodes: Iterable[Node]) -> Problem:
    taints = {_spelled(taint) for node in nodes for taint in _repelled_by(values, node)}
    what = f"its pods tolerate no node that they may run on: taints {', '.join(sorted(taints))}"
    fix = "Add one of them, e.g. `tolerations: [{key: KEY, operator: Exists}]`."
    return Problem(f"{where}.tolerations", what, fix)


def _spelled(taint: Mapping[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _too_large(where: str, workload: Workload, nodes: Iterable[Node]) -> Problem:
    largest = max(nodes, key=lambda node: (node.room.memory, node.room.cpu))
    what = (
        f"a pod requests {workload.requests}, and the largest node that it may run on, {largest.name}, has "
        f"{largest.room}"
    )
    return Problem(f"{where}.resources", what, f"{_SMALLER}, or get larger nodes.")


def _chosen(values: Mapping[str, Any], node: Node) -> bool:
    return _selected(values.get("nodeSelector") or {}, node) and _drawn(values.get("affinity") or {}, node)


def _selected(selector: Mapping[str, Any], node: Node) -> bool:
    return all(node.labels.get(key) == str(value) for key, value in selector.items())


def _drawn(affinity: Mapping[str, Any], node: Node) -> bool:
    """True if one of the required node affinity terms matches; the API refuses an invalid affinity."""
    required = (affinity.get("nodeAffinity") or {}).get(_REQUIRED) or {}
    terms = required.get("nodeSelectorTerms") or []
    return not terms or any(_matches(term, node) for term in terms)


def _matches(term: Mapping[str, Any], node: Node) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    return all(_holds(each, node.labels) for each in expressions) and all(
        _holds(each, {"metadata.name": node.name}) for each in fields
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, wanted = str(expression.get("key")), [str(value) for value in expression.get("values") or []]
    has, value = key in labels, labels.get(key, "")
    operators: Mapping[str, Callable[[], bool]] = {
        "In": lambda: has and value in wanted,
        "NotIn": lambda: not has or value not in wanted,
        "Exists": lambda: has,
        "DoesNotExist": lambda: not has,
        "Gt": lambda: has and int(value) > int(wanted[0]),
        "Lt": lambda: has and int(value) < int(wanted[0]),
    }
    try:
        return operators[str(expression.get("operator"))]()
    except (KeyError, ValueError, IndexError):
        return False


def _repelled_by(values: Mapping[str, Any], node: Node) -> list[Mapping[str, Any]]:
    """The taints of a node that repel these pods, because they do not tolerate them."""
    tolerations = values.get("tolerations") or []
    return [
        taint
        for taint in node.taints
        if taint.get("effect") in ("NoSchedule", "NoExecute")
        and not str(taint["key"]).startswith(_PASSING)
        and not any(_tolerates(toleration, taint) for toleration in tolerations)
    ]


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and (toleration.get("value") or "") == (
        taint.get("value") or ""
    )
