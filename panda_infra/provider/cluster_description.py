"""The inputs and state of a Magnum cluster, and the changes of them that Magnum can carry out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from panda_infra.config.base import Model
from panda_infra.config.cluster import MagnumCluster
from panda_infra.provider.node_groups import ClusterNodeGroup
from panda_infra.provider.resource import RefusedError, changed_fields

__all__ = ["FIXED", "ClusterInputs", "ClusterState", "changes", "inputs_from", "left_to_autoscaler"]

_GROW = "new capacity comes as a node group: add one under `cluster.nodeGroups`, move the pods, then shrink the first"
_NEW = "make a second cluster beside this one and move over: Magnum would delete this one with all its data"
FIXED = {
    "name": _NEW,
    "labels": f"Magnum cannot change the labels of a cluster; undo the change, or {_NEW}",
    "keypair": f"Magnum cannot change the keypair of a cluster; undo the change, or {_NEW}",
    "flavor": f"Magnum cannot change the flavor of nodes; {_GROW}",
    "masterFlavor": f"Magnum cannot change the flavor of masters; undo the change, or {_NEW}",
    "masterCount": f"Magnum cannot change the number of masters; undo the change, or {_NEW}",
}
_ADOPTED = (
    "this cluster was taken over and not made, so that it stays when the stack is destroyed; keep `adopt: true`, "
    "and add `deleteAdopted: true` if it shall go with the stack"
)


class ClusterInputs(Model):
    """A cluster as requested from Magnum."""

    name: str
    """Name of the cluster."""
    template: str
    """Name of the cluster template."""
    keypair: str
    """Name of the Nova keypair."""
    flavor: str
    """Nova flavor of the workers."""
    master_flavor: str
    """Nova flavor of the masters."""
    node_count: Annotated[int, Field(ge=1)]
    """Number of workers in the default group."""
    node_counts: str = "program"
    """The owner of the numbers of workers: the program or an autoscaler."""
    master_count: Annotated[int, Field(ge=1)] = 1
    """Number of masters."""
    labels: Mapping[str, str] = {}
    """Labels, merged over the template's."""
    node_groups: tuple[ClusterNodeGroup, ...] = ()
    """More groups of workers."""
    adopt: bool = False
    """Take over the existing cluster of that name, which then stays when the resource is deleted."""
    delete_adopted: bool = False
    """Delete a cluster that was taken over, like one that was made."""


class ClusterState(ClusterInputs):
    """The cluster as Magnum has it."""

    cluster_id: str
    """Magnum's id (UUID)."""
    complete: bool = True
    """Whether the cluster was ever complete; one that never was contains no data and may be made again."""
    effective_labels: Mapping[str, str] = {}
    """All labels, the template's included."""

    @property
    def stays(self) -> bool:
        """True if the cluster outlives the resource: it was taken over and ``delete_adopted`` is not set."""
        return self.adopt and not self.delete_adopted


def inputs_from(cluster: MagnumCluster) -> ClusterInputs:
    """The inputs of the cluster in a stack file."""
    described = cluster.model_dump_json(by_alias=True, include=set(ClusterInputs.model_fields))
    return ClusterInputs.model_validate_json(described)


def left_to_autoscaler(wanted: ClusterInputs, actual: ClusterInputs) -> ClusterInputs:
    """The wanted inputs, with the actual numbers of workers if an autoscaler owns them."""
    if wanted.node_counts == "program":
        return wanted
    counts = {group.name: group.count for group in actual.node_groups}
    groups = (g.model_copy(update={"count": counts.get(g.name, g.count)}) for g in wanted.node_groups)
    return wanted.model_copy(update={"node_count": actual.node_count, "node_groups": tuple(groups)})


def changes(old: ClusterState, new: ClusterInputs) -> set[str]:
    """The inputs that differ, by their names on the wire.

    Raises:
        RefusedError: Magnum would have to replace the cluster, which holds data.
    """
    new = left_to_autoscaler(new, old)
    changed = changed_fields(old, new, but=frozenset({"labels"}))
    if _labels_differ(old, new):
        changed.add("labels")
    if not old.complete:
        return changed | {"complete"}
    refused = {name: FIXED[name] for name in sorted(changed & FIXED.keys())} | _refused_groups(old, new)
    if old.adopt and not new.adopt:
        refused["adopt"] = _ADOPTED
    if refused:
        raise RefusedError({name: f"cluster.{name}: {reason}" for name, reason in refused.items()})
    return changed


def _labels_differ(old: ClusterState, new: ClusterInputs) -> bool:
    """True if the labels differ from the inputs; a label that the template also sets is not a difference."""
    if new.labels == old.labels:
        return False
    dropped = old.labels.keys() - new.labels.keys()
    return bool(dropped) or any(old.effective_labels.get(key) != value for key, value in new.labels.items())


def _refused_groups(old: ClusterState, new: ClusterInputs) -> dict[str, str]:
    flavors = {group.name: group.flavor for group in old.node_groups}
    changed = [
        group.name for group in new.node_groups if flavors.get(group.name, group.flavor) != group.flavor
    ]
    if not changed:
        return {}
    return {"nodeGroups": f"Magnum cannot change the flavor of group {', '.join(changed)}; {_GROW}"}
