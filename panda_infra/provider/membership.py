"""Find the nodes and servers of a Magnum cluster."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from panda_infra.clients.kubernetes.nodes import Node
from panda_infra.clients.openstack.api import ClusterInfo, Server
from panda_infra.provider.cloud import Cloud

__all__ = [
    "Members",
    "Worker",
    "each",
    "joined",
    "members_of",
    "own_servers",
    "placeholders",
    "server_prefix",
    "worker_nodes",
]

T = TypeVar("T")

# Magnum's Heat driver cuts names to so many characters: a cluster's, and for an added node group those of both.
_CLUSTER_LIMIT = 30
_GROUP_LIMITS = 20, 9
_AT_ONCE = 8  # writes at a time: Nova and Kubernetes limit the rate of each client


@dataclass(frozen=True)
class Worker:
    """A worker node with the server that it runs on."""

    node: Node
    server: Server


@dataclass(frozen=True)
class Members:
    """The workers of a cluster, and other servers with names like theirs, which have no worker's node."""

    workers: tuple[Worker, ...]
    others: tuple[Server, ...]


def server_prefix(cluster_name: str) -> str:
    """The common prefix of a cluster's server names; servers of clusters with similar names may have it too."""
    return _host_name(cluster_name[: _GROUP_LIMITS[0]])


def own_servers(cluster_name: str, groups: Iterable[str], servers: Iterable[Server]) -> list[Server]:
    """The servers of a cluster and its added ``groups``, joined or not, found by name: nothing else marks them."""
    of_cluster, of_group = _GROUP_LIMITS
    stems = [cluster_name[:_CLUSTER_LIMIT]]
    stems += [f"{cluster_name[:of_cluster]}-{group[:of_group]}" for group in groups]
    stacks = "|".join(re.escape(_host_name(stem)) for stem in stems)
    pattern = re.compile(rf"({stacks})-[a-z0-9]{{12}}-(master|node)-\d+")
    return [server for server in servers if pattern.fullmatch(server.name)]


def worker_nodes(nodes: Iterable[Node]) -> list[Node]:
    """The workers among the nodes, sorted by name."""
    return sorted((node for node in nodes if not node.master), key=lambda node: node.name)


def members_of(cloud: Cloud, cluster: ClusterInfo) -> Members:
    """Every worker that has both a node and a server, sorted by name, and the other servers, from two listings."""
    servers = cloud.openstack.servers(server_prefix(cluster.name))
    workers = joined(cloud.kubernetes(cluster).nodes(), servers)
    known = {worker.server.id for worker in workers}
    return Members(tuple(workers), tuple(server for server in servers if server.id not in known))


def joined(nodes: Iterable[Node], servers: Sequence[Server]) -> list[Worker]:
    """The same from given listings."""
    by_key = {server.name: server for server in servers} | {server.id: server for server in servers}
    # A node whose server is gone remains until the cloud's controller removes it.
    return [
        Worker(node, server)
        for node in worker_nodes(nodes)
        if (server := by_key.get(node.server or node.name))
    ]


def placeholders(known: Sequence[object], expected: int) -> list[str]:
    """Names for the nodes in a preview that do not exist yet."""
    return [f"(new node {number})" for number in range(1, expected - len(known) + 1)]


def _host_name(text: str) -> str:
    """A name in the form that Magnum's Heat driver gives to hosts."""
    dashed = text.replace("_", "-").replace(".", "-")
    return "".join(c for c in dashed if c in string.ascii_letters + string.digits + "-").lower()


def each(call: Callable[[T], None], items: Iterable[T]) -> None:
    """Call for every item, a few at a time; raises the first error after all were tried."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for future in [pool.submit(call, item) for item in items]:
            future.result()
