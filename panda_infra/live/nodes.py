"""The nodes of a stack's cluster: their readiness, and their wanted and actual labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.kubernetes.nodes import Node
from panda_infra.cluster.magnum.component import INGRESS_LABEL
from panda_infra.config.cluster import MagnumCluster
from panda_infra.plan.model import Plan

__all__ = ["NodeStatus", "node_statuses"]


@dataclass(frozen=True)
class NodeStatus:
    """A node, which is ``ours`` if the stack made its cluster.

    ``wanted`` are the labels that the stack gives it. ``live`` are its labels, of those that the stack gives to nodes
    or uses in node selectors.
    """

    name: str
    ready: bool
    master: bool = False
    wanted: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False

    @property
    def lacking(self) -> dict[str, str]:
        """The wanted labels that are missing on the node."""
        return {key: value for key, value in self.wanted.items() if self.live.get(key) != value}

    def problems(self, stack: str) -> Iterator[str]:
        """The problems of the node, and the command that corrects them."""
        if self.ours and not self.ready:
            yield f"node {self.name} is not Ready"
        if self.lacking:
            labels = ",".join(f"{key}={value}" for key, value in sorted(self.lacking.items()))
            yield f"node {self.name} has no label {labels}: `pulumi up --refresh --stack {stack}` gives it"

    def notes(self) -> Iterator[str]:
        """Problems that only the cluster's operator can correct; the stack's pods may run on other nodes."""
        if not self.ours and not self.ready:
            yield f"node {self.name} is not Ready"


def node_statuses(plan: Plan, nodes: Iterable[Node]) -> tuple[NodeStatus, ...]:
    """Every node, sorted by name, the masters last."""
    ours = isinstance(plan.config.cluster, MagnumCluster)
    given = INGRESS_LABEL if ours else {}
    keys = {*given, *(key for release in plan.releases for key in _looked_for(release.values))}
    found = (
        NodeStatus(
            node.name,
            node.ready,
            node.master,
            {} if node.master else dict(given),
            {key: value for key, value in node.labels.items() if key in keys},
            ours,
        )
        for node in nodes
    )
    return tuple(sorted(found, key=lambda node: (node.master, node.name)))


def _looked_for(values: Any) -> Iterator[str]:
    """The label keys of all node selectors in chart values."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            if key == "nodeSelector" and isinstance(value, Mapping):
                yield from value
            else:
                yield from _looked_for(value)
