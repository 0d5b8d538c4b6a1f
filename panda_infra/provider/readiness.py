"""Check whether a Magnum cluster is ready, and describe the missing parts."""

from __future__ import annotations

from collections.abc import Sequence

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.openstack.api import ClusterInfo
from panda_infra.errors import ResourceError
from panda_infra.provider.cloud import Cloud
from panda_infra.provider.kube_api import Kubernetes
from panda_infra.provider.membership import own_servers, server_prefix, worker_nodes

__all__ = ["answering", "ready"]


def answering(cloud: Cloud, cluster_id: str) -> ClusterInfo | str:
    """Return the cluster if Magnum has finished and its Kubernetes API answers, else the first missing part.

    Raises:
        ResourceError: it cannot become ready by itself.
    """
    cluster = _complete(cloud, cluster_id)
    return cluster if isinstance(cluster, str) else _missing_inside(cloud, cluster, 0, ()) or cluster


def ready(cloud: Cloud, cluster_id: str, workers: int, config_maps: Sequence[str]) -> ClusterInfo | str:
    """Return the cluster if it answers, its servers are ACTIVE and its ``workers`` Ready, else the first missing part.

    ``config_maps`` (namespace/name) are those that its own add-ons must have made.

    Raises:
        ResourceError: it cannot become ready by itself.
    """
    cluster = _complete(cloud, cluster_id)
    if isinstance(cluster, str):
        return cluster
    return (
        _missing_servers(cloud, cluster) or _missing_inside(cloud, cluster, workers, config_maps) or cluster
    )


def _complete(cloud: Cloud, cluster_id: str) -> ClusterInfo | str:
    cluster = cloud.cluster(cluster_id)
    if cluster.failed:
        msg = f"Magnum cluster {cluster.name}: {cluster.status}: {cluster.why()}"
        raise ResourceError(msg)
    if not cluster.complete:
        return f"Magnum reports {cluster.status}"
    return cluster if cluster.api_address else "Magnum reports no address of the Kubernetes API yet"


def _missing_servers(cloud: Cloud, cluster: ClusterInfo) -> str | None:
    groups = [group.name for group in cloud.openstack.node_groups(cluster.id) if not group.default]
    servers = own_servers(cluster.name, groups, cloud.openstack.servers(server_prefix(cluster.name)))
    broken = [
        f"{server.name} ({server.fault or 'no reason given'})"
        for server in servers
        if server.status == "ERROR"
    ]
    if broken:
        msg = f"Nova could not make {', '.join(sorted(broken))}: delete and resize, or rebuild these servers"
        raise ResourceError(msg)
    pending = sorted(server.name for server in servers if server.status != "ACTIVE")
    return f"servers are not ACTIVE yet: {', '.join(pending)}" if pending else None


def _missing_inside(
    cloud: Cloud, cluster: ClusterInfo, workers: int, config_maps: Sequence[str]
) -> str | None:
    try:
        kubernetes = cloud.kubernetes(cluster)
        return _missing_nodes(kubernetes, workers) or _missing_config_maps(kubernetes, config_maps)
    except KubernetesError as error:
        return f"the Kubernetes API does not answer yet: {error}"


def _missing_nodes(kubernetes: Kubernetes, expected: int) -> str | None:
    nodes = worker_nodes(kubernetes.nodes())
    if len(nodes) < expected:
        return f"{len(nodes)} of {expected} workers have joined"
    waiting = [node.name for node in nodes if not node.ready]
    return (
        f"workers are not Ready yet: {', '.join(waiting)}" if len(nodes) - len(waiting) < expected else None
    )


def _missing_config_maps(kubernetes: Kubernetes, names: Sequence[str]) -> str | None:
    missing = [name for name in names if not kubernetes.config_map_exists(*name.split("/", 1))]
    return f"the cluster's add-ons have not made ConfigMap {', '.join(missing)} yet" if missing else None
