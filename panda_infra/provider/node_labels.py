"""Labels on every worker of a Magnum cluster, also on workers that join later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.nodes import Node
from panda_infra.config.base import Model
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.membership import each, placeholders, worker_nodes
from panda_infra.provider.owned import NODE_ANNOTATION
from panda_infra.provider.resource import Found, Operation, Resource
from panda_infra.provider.wire import UNKNOWN

__all__ = ["NodeLabelsInputs", "NodeLabelsResource"]


class NodeLabelsInputs(Model):
    """The labels that all workers carry."""

    cluster_id: str
    """Id of the Magnum cluster."""
    labels: dict[str, str]
    """Labels; others are left alone."""
    workers: Annotated[int, Field(ge=0)]
    """Number of workers that the cluster should have."""
    nodes: tuple[str, ...] = ()
    """The workers that carry the labels; the provider fills it in."""


class NodeLabelsState(NodeLabelsInputs):
    """The labels on the nodes."""

    found: tuple[str, ...] = ()
    """The workers that had the labels before this stack: theirs stay."""


class NodeLabelsResource(Resource[NodeLabelsInputs, NodeLabelsState]):
    """Labels on every worker, never on masters; the next update labels workers that join later."""

    name = "NodeLabels"
    inputs = NodeLabelsInputs
    state = NodeLabelsState

    def __init__(self, cloud: Cloud, owner: str) -> None:
        self._cloud = cloud
        self._owner = owner

    @override
    def check(
        self, old: NodeLabelsInputs | None, new: NodeLabelsInputs, operation: Operation
    ) -> NodeLabelsInputs:
        if new.cluster_id == UNKNOWN:
            return new.model_copy(update={"nodes": tuple(placeholders((), new.workers))})
        try:
            live = [node.name for node in self._workers(new.cluster_id)]
        except KubernetesError as error:
            operation.progress.warn(f"showing the nodes as last recorded: {error}")
            nodes = old.nodes if old else tuple(placeholders((), new.workers))
            return new.model_copy(update={"nodes": nodes})
        return new.model_copy(update={"nodes": (*live, *placeholders(live, new.workers))})

    @override
    def preview(self, old: NodeLabelsState | None, new: NodeLabelsInputs) -> NodeLabelsState:
        return NodeLabelsState(**dict(new), found=old.found if old else ())

    @override
    def create(self, new: NodeLabelsInputs, operation: Operation) -> tuple[str, NodeLabelsState]:
        text = ",".join(f"{key}={value}" for key, value in sorted(new.labels.items()))
        return f"{new.cluster_id}/{text}", self._apply(new, None)

    @override
    def read(
        self,
        resource_id: str,
        old: NodeLabelsState | None,
        operation: Operation,
    ) -> Found[NodeLabelsInputs, NodeLabelsState] | None:
        cluster_id, _, text = resource_id.partition("/")
        cluster = self._cloud.openstack.cluster(cluster_id)
        if cluster is None:
            return None
        nodes = worker_nodes(self._cloud.kubernetes(cluster).nodes())
        labels = old.labels if old else dict(pair.split("=", 1) for pair in text.split(","))
        inputs = NodeLabelsInputs(
            cluster_id=cluster_id,
            labels=labels,
            workers=old.workers if old else len(nodes),
            nodes=tuple(node.name for node in nodes if not _missing(node, labels)),
        )
        found = old.found if old else self._found(nodes, labels, None)
        return Found(resource_id, NodeLabelsState(**dict(inputs), found=found), inputs)

    @override
    def update(
        self,
        resource_id: str,
        old: NodeLabelsState,
        new: NodeLabelsInputs,
        operation: Operation,
    ) -> NodeLabelsState:
        return self._apply(new, old)

    @override
    def delete(self, resource_id: str, old: NodeLabelsState, operation: Operation) -> None:
        cluster = self._cloud.openstack.cluster(old.cluster_id)
        if cluster is not None:
            kubernetes = self._cloud.kubernetes(cluster)
            gone: dict[str, str | None] = dict.fromkeys(old.labels)
            mark = {NODE_ANNOTATION: None}
            each(
                lambda name: kubernetes.label_node(name, gone, mark),
                (name for name in old.nodes if name not in old.found),
            )

    def _apply(self, new: NodeLabelsInputs, old: NodeLabelsState | None) -> NodeLabelsState:
        nodes = self._workers(new.cluster_id)
        kubernetes = self._cloud.kubernetes(self._cloud.cluster(new.cluster_id))
        found = self._found(nodes, new.labels, old)
        changes = {node.name: _missing(node, new.labels) | _stale(node, new.labels, old) for node in nodes}
        # The owner is written in the same request, so that a killed run leaves no labels without one.
        mark = {NODE_ANNOTATION: self._owner} if self._owner else {}
        each(
            lambda name: kubernetes.label_node(name, changes[name], mark),
            (name for name, change in changes.items() if change),
        )
        return NodeLabelsState(**(dict(new) | {"nodes": tuple(changes), "found": found}))

    def _found(
        self, nodes: Iterable[Node], labels: Mapping[str, str], old: NodeLabelsState | None
    ) -> tuple[str, ...]:
        """The nodes whose labels are not from this stack."""
        before = old.found if old else ()
        known = old.nodes if old and old.labels == labels else ()
        return tuple(
            node.name
            for node in nodes
            if not _missing(node, labels)
            and (node.name in before or (node.name not in known and not self._marked(node)))
        )

    def _marked(self, node: Node) -> bool:
        return bool(self._owner) and node.annotations.get(NODE_ANNOTATION) == self._owner

    def _workers(self, cluster_id: str) -> list[Node]:
        return worker_nodes(self._cloud.kubernetes(self._cloud.cluster(cluster_id)).nodes())


def _missing(node: Node, labels: Mapping[str, str]) -> dict[str, str | None]:
    return {key: value for key, value in labels.items() if node.labels.get(key) != value}


def _stale(node: Node, labels: Mapping[str, str], old: NodeLabelsState | None) -> dict[str, str | None]:
    """The labels that the stack gave the node and no longer wants."""
    if old is None or node.name in old.found:
        return {}
    return {key: None for key in old.labels if key not in labels and key in node.labels}
