"""Find servers of other clusters with the same aliases: a new cluster must not take over production by accident."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from panda_infra.clients.openstack.api import OpenStack, Server
from panda_infra.cluster.magnum.presence import Presence
from panda_infra.config.cluster import MagnumCluster
from panda_infra.errors import Problem, shortened
from panda_infra.plan.aliases import number_nodes, numbers_in, unpack
from panda_infra.provider.membership import own_servers

__all__ = ["judge_aliases"]

_SHOWN = 5


def judge_aliases(
    cluster: MagnumCluster,
    aliases: Collection[str],
    groups: Sequence[str],
    openstack: OpenStack,
    *,
    of_pair: bool = False,
) -> Presence:
    """Check whether the cluster may share its ``aliases`` with the other servers of the project that carry them.

    ``groups`` are the names of the cluster's node groups beside its default ones. Stacks ``of_pair`` have the same
    hosts; the aliases of one that is lost stay on its servers.
    """
    if cluster.aliases == "controller":
        return Presence()
    listed = openstack.servers("")
    own = {server.id: server for server in own_servers(cluster.name, groups, listed)}
    foreign = {s.name: found for s in listed if s.id not in own and (found := _carried(s, aliases))}
    if not foreign:
        return Presence()
    led = f"{', '.join(sorted({alias for found in foreign.values() for alias in found}))} lead to {_shown(foreign)}"
    if cluster.aliases == "standby":
        return Presence(notes=[f"aliases {led}; this stack, on standby, writes none"])
    ours = {server.name: found for server in own.values() if (found := _carried(server, aliases))}
    highest = max(number for found in foreign.values() for number in found.values())
    if not (ours or of_pair or cluster.alias_offset or cluster.alias_workers):
        what = f"aliases {led}, and would lead to this cluster too"
        fix = (
            "Write `aliases: standby` until the service moves here, or, to have both serve, "
            f"`aliasOffset: {highest}`."
        )
        return Presence([Problem("cluster.aliases", what, fix)])
    taken = {number: name for name, found in foreign.items() for number in found.values()}
    clash = sorted(_coming(cluster, ours) & taken.keys())
    if clash:
        what = f"would number this cluster's workers {', '.join(map(str, clash))}, as {taken[clash[0]]} is already"
        fix = (
            f"Write `aliasOffset: {max(highest, cluster.alias_offset)}`: workers that have a number keep it."
        )
        return Presence([Problem("cluster.aliasOffset", what, fix)])
    return Presence(notes=[f"aliases {led} as well as to this cluster"])


def _carried(server: Server, aliases: Iterable[str]) -> dict[str, int]:
    return numbers_in(unpack(server.metadata), aliases)


def _coming(cluster: MagnumCluster, ours: Mapping[str, Mapping[str, int]]) -> set[int]:
    """The numbers for workers that have none yet."""
    remembered = {name: max(found.values()) for name, found in ours.items()}
    meant = cluster.node_count + sum(group.count for group in cluster.node_groups)
    coming = [f"(new node {number})" for number in range(meant - len(ours))]
    numbers = number_nodes([*ours, *coming], remembered, cluster.alias_offset)
    return {numbers[name] for name in coming}


def _shown(servers: Mapping[str, object]) -> str:
    return f"server {shortened(sorted(servers), most=_SHOWN)} of another cluster"
