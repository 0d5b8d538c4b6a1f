"""The status of a stack's Magnum cluster in OpenStack, and of the LanDB aliases of its servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from panda_infra.clients.kubernetes.nodes import Node
from panda_infra.clients.openstack.api import ClusterInfo, NodeGroupInfo, OpenStack
from panda_infra.config.cluster import MagnumCluster
from panda_infra.plan.aliases import entry, numbers_in, unpack
from panda_infra.plan.model import Plan
from panda_infra.provider.landb_aliases import LandbAliasesInputs, with_entries
from panda_infra.provider.membership import joined, server_prefix

__all__ = ["AliasStatus", "ClusterStatus", "GroupStatus", "alias_statuses", "cluster_status"]

_ABSENT = "not there"


@dataclass(frozen=True)
class GroupStatus:
    """A node group; ``wanted`` is None if the stack leaves the number of its nodes to others."""

    name: str
    role: str
    flavor: str
    status: str
    live: int
    wanted: int | None = None


@dataclass(frozen=True)
class ClusterStatus:
    """A Magnum cluster; ``id`` is empty if it is missing. ``reason`` is Magnum's for a failure, else empty."""

    name: str
    id: str = ""
    status: str = _ABSENT
    reason: str = ""
    groups: tuple[GroupStatus, ...] = ()

    def problems(self) -> Iterator[str]:
        """The differences from the stack file."""
        if not self.id:
            yield f"cluster {self.name} is not there"
        elif self.reason:
            yield f"cluster {self.name} is {self.status}: {self.reason}"
        for group in self.groups:
            if group.wanted is not None and group.live != group.wanted:
                yield f"node group {group.name} has {group.live} nodes, the stack wants {group.wanted}"


@dataclass(frozen=True)
class AliasStatus:
    """The wanted and the written entries of the stack's aliases on a server."""

    server: str
    wanted: tuple[str, ...]
    written: tuple[str, ...]

    def problems(self, stack: str) -> Iterator[str]:
        """The wrong entries, and the command that corrects them."""
        if set(self.wanted) != set(self.written):
            yield (
                f"server {self.server} carries the aliases {', '.join(self.written) or 'none'}, wanted are "
                f"{', '.join(self.wanted) or 'none'}: `pulumi up --refresh --stack {stack}` writes them"
            )


def cluster_status(cluster: MagnumCluster, openstack: OpenStack) -> ClusterStatus:
    """The status of the cluster in the stack file.

    Raises:
        OpenStackError: Magnum cannot be asked.
    """
    found = _found(cluster, openstack)
    if found is None:
        return ClusterStatus(cluster.name)
    groups = tuple(_group(cluster, group) for group in openstack.node_groups(found.id))
    return ClusterStatus(found.name, found.id, found.status, found.why() if found.failed else "", groups)


def alias_statuses(plan: Plan, openstack: OpenStack, nodes: Sequence[Node]) -> tuple[AliasStatus, ...]:
    """Each worker's entries of the aliases that lead to this stack's cluster; empty without such aliases.

    If a controller writes them, the written entries count as wanted.

    Raises:
        OpenStackError: Nova cannot be asked.
    """
    cluster = plan.config.cluster
    if not isinstance(cluster, MagnumCluster):
        return ()
    aliases = plan.aliases
    workers = joined(nodes, openstack.servers(server_prefix(cluster.name)))
    inputs = LandbAliasesInputs(
        cluster_id="",
        aliases=aliases,
        workers=0,
        offset=cluster.alias_offset,
        carriers=cluster.alias_workers,
    )
    assigned = with_entries(inputs, workers, {}).assigned if cluster.aliases == "program" else {}
    found = []
    for worker in workers:
        carried = numbers_in(unpack(worker.server.metadata), aliases)
        written = tuple(entry(alias, carried[alias]) for alias in aliases if alias in carried)
        wanted = tuple(text for text in assigned.get(worker.node.name, "").split(",") if text)
        found.append(
            AliasStatus(worker.server.name, written if cluster.aliases == "controller" else wanted, written)
        )
    return tuple(found) if aliases else ()


def _found(cluster: MagnumCluster, openstack: OpenStack) -> ClusterInfo | None:
    # The listing contains neither failed resources nor reasons.
    listed = next(iter(openstack.clusters_named(cluster.name)), None)
    return (openstack.cluster(listed.id) or listed) if listed else None


def _group(cluster: MagnumCluster, group: NodeGroupInfo) -> GroupStatus:
    counts = {each.name: each.count for each in cluster.node_groups}
    wanted: int | None
    if group.role == "master":
        wanted = cluster.master_count
    elif cluster.node_counts != "program":
        wanted = None
    else:
        wanted = cluster.node_count if group.default else counts.get(group.name, 0)
    return GroupStatus(group.name, group.role, group.flavor, group.status, group.node_count, wanted)
