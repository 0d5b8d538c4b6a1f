"""How a Magnum cluster is described, and which changes of its description Magnum can carry out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from panda_infra.config.base import Model
from panda_infra.provider.node_groups import ClusterNodeGroup
from panda_infra.provider.resource import RefusedError, changed_fields

__all__ = ["ClusterInputs", "ClusterState", "changes"]

_GROW = "new capacity comes as a node group: add one under `cluster.nodeGroups`, move the pods, then shrink the first"
_NEW = "make a second cluster beside this one and move over: Magnum would delete this one with all its data"
_FIXED = {
    "name": _NEW,
    "labels": f"Magnum cannot change the labels of a cluster; undo the change, or {_NEW}",
    "keypair": f"Magnum cannot change the keypair of a cluster; undo the change, or {_NEW}",
    "flavor": f"Magnum cannot change the flavor of nodes; {_GROW}",
    "masterFlavor": f"Magnum cannot change the flavor of masters; undo the change, or {_NEW}",
    "masterCount": f"Magnum cannot change the number of masters; undo the change, or {_NEW}",
}


class ClusterInputs(Model):
    """What Magnum is asked for."""

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
    master_count: Annotated[int, Field(ge=1)] = 1
    """Number of masters."""
    labels: Mapping[str, str] = {}
    """Labels, merged over the template's."""
    node_groups: tuple[ClusterNodeGroup, ...] = ()
    """More groups of workers."""
    adopt: bool = False
    """Take over the existing cluster of that name."""


class ClusterState(ClusterInputs):
    """The cluster as Magnum has it."""

    cluster_id: str
    """Magnum's id (UUID)."""
    complete: bool = True
    """Whether the cluster was ever complete; one that never was holds no data and may be made again."""
    effective_labels: Mapping[str, str] = {}
    """All labels, the template's included."""


def changes(old: ClusterState, new: ClusterInputs) -> set[str]:
    """The inputs that differ, by their names on the wire.

    Raises:
        RefusedError: Magnum would have to replace the cluster, which holds data.
    """
    changed = changed_fields(old, new, but=frozenset({"adopt", "labels"}))
    if _labels_differ(old, new):
        changed.add("labels")
    if not old.complete:
        return changed | {"complete"}
    refused = {name: _FIXED[name] for name in sorted(changed & _FIXED.keys())} | _refused_groups(old, new)
    if refused:
        raise RefusedError({name: f"cluster.{name}: {reason}" for name, reason in refused.items()})
    return changed


def _labels_differ(old: ClusterState, new: ClusterInputs) -> bool:
    """Whether the cluster's labels are not those asked for; one that the template gives as well is no difference."""
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
