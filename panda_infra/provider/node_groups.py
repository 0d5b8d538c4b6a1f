"""The node groups of a Magnum cluster: the default workers, and the groups that the program adds.

Groups of others are left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from panda_infra.clients.openstack.api import ClusterInfo, NodeGroupInfo, OpenStack
from panda_infra.config.base import Model

__all__ = ["ClusterNodeGroup", "NodeCounts", "counts_of", "described", "match", "unsettled"]

_DEFAULT = ""


class ClusterNodeGroup(Model):
    """More workers of another flavor."""

    name: str
    """Name inside the cluster."""
    flavor: str
    """Nova flavor."""
    count: Annotated[int, Field(ge=0)]
    """Number of workers."""


NodeCounts = Mapping[str, int]
"""Workers by the name of their group; the default group has the empty name."""


def counts_of(node_count: int, groups: Sequence[ClusterNodeGroup]) -> NodeCounts:
    """The numbers that a stack wants."""
    return {_DEFAULT: node_count} | {group.name: group.count for group in groups}


def described(
    groups: Sequence[NodeGroupInfo], names: Sequence[str] | None
) -> tuple[int, tuple[ClusterNodeGroup, ...]]:
    """The number of default workers, and the added groups in the order of ``names``; all groups for None."""
    workers = {_name(group): group for group in groups if group.role != "master"}
    default = workers.pop(_DEFAULT)
    shown = [name for name in (sorted(workers) if names is None else names) if name in workers]
    return default.node_count, tuple(
        ClusterNodeGroup(name=name, flavor=workers[name].flavor, count=workers[name].node_count)
        for name in shown
    )


def match(
    openstack: OpenStack,
    cluster_id: str,
    wanted: NodeCounts,
    *,
    flavors: Mapping[str, str],
    managed: Collection[str],
) -> None:
    """Request the wanted number of nodes of every group, again if the last request for it failed.

    ``managed`` are the added groups of the program: only these are removed if they are not wanted.
    """
    groups = {_name(group): group for group in openstack.node_groups(cluster_id) if group.role != "master"}
    for name, count in wanted.items():
        group = groups.get(name)
        if group is None:
            openstack.create_node_group(cluster_id, name, flavors[name], count)
        elif group.node_count != count or group.status.endswith("_FAILED"):
            openstack.resize_node_group(cluster_id, group.id, count)
    for name in managed:
        if name in groups and name not in wanted:
            openstack.delete_node_group(cluster_id, groups[name].id)


def unsettled(
    cluster: ClusterInfo, groups: Sequence[NodeGroupInfo], wanted: NodeCounts, managed: Collection[str]
) -> str | None:
    """The work that Magnum still has to do; its status alone may be that of an earlier request."""
    actual = {_name(group): group for group in groups if group.role != "master"}
    pending = [
        name for name, count in wanted.items() if name not in actual or actual[name].node_count != count
    ]
    pending += [name for name in managed if name in actual and name not in wanted]
    pending += [name for name in wanted if name in actual and not actual[name].status.endswith("_COMPLETE")]
    if not pending and cluster.complete:
        return None
    named = ", ".join(dict.fromkeys(name or "default workers" for name in pending))
    return f"Magnum reports {cluster.status}" + (f", working on {named}" if named else "")


def _name(group: NodeGroupInfo) -> str:
    return _DEFAULT if group.default else group.name
