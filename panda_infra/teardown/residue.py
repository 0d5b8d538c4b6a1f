"""What is left of a stack, looked for by the names that the plan gives."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.cluster.ingress import CONFIG_MAP, SETTINGS
from panda_infra.cluster.magnum.component import INGRESS_LABEL
from panda_infra.config.cluster import MagnumCluster
from panda_infra.live.access import Access, KubernetesApi, items
from panda_infra.plan.aliases import aliases_of, numbers_in, unpack
from panda_infra.plan.model import Plan
from panda_infra.provider.membership import own_servers, server_prefix
from panda_infra.provider.openstack_api import OpenStack
from panda_infra.teardown.leftover import Leftover
from panda_infra.teardown.objects import in_cluster
from panda_infra.teardown.volumes import made_by, state_of

__all__ = ["Leftover", "in_kubernetes", "in_openstack", "residue"]

_CLUSTER = "cluster"


def residue(plan: Plan, access: Access) -> list[Leftover]:
    """Everything that is left in Kubernetes and in OpenStack.

    Raises:
        PandaInfraError: one of the two cannot be asked.
    """
    cluster, kubernetes = plan.config.cluster, access.kubernetes
    found: list[Leftover] = []
    if access.openstack and isinstance(cluster, MagnumCluster):
        found += in_openstack(plan, cluster, access.openstack)
        # What was in a cluster went with it.
        kubernetes = kubernetes if any(leftover.kind == _CLUSTER for leftover in found) else None
    if kubernetes:
        found += in_kubernetes(plan, kubernetes)
    return sorted(found)


def in_kubernetes(plan: Plan, api: KubernetesApi) -> Iterator[Leftover]:
    """What is in the cluster, and changes to what others made."""
    yield from in_cluster(plan, api)
    if isinstance(plan.config.cluster, MagnumCluster):
        yield from _changes(api)


def in_openstack(plan: Plan, cluster: MagnumCluster, openstack: OpenStack) -> Iterator[Leftover]:
    """The cluster, its servers and what their metadata says, its volumes, and the keypair that the stack made."""
    named = openstack.clusters_named(cluster.name)
    for one in named:
        yield Leftover(_CLUSTER, f"{one.name} ({one.id})", one.status)
    hosts = [*plan.hosts.values(), *cluster.alias_hosts]
    ours = aliases_of(hosts, cluster.alias_domain) if cluster.aliases == "program" else ()
    listed = openstack.servers(server_prefix(cluster.name))
    servers = own_servers(cluster.name, (group.name for group in cluster.node_groups), listed)
    for server in servers:
        yield Leftover("server", f"{server.name} ({server.id})", server.status)
        if carried := numbers_in(unpack(server.metadata), ours):
            yield Leftover("LanDB aliases", ", ".join(sorted(carried)), f"on server {server.name}")
    names = {cluster.name, *(one.id for one in named)}
    for volume in made_by(names, plan.config.namespace, {server.id for server in servers}, openstack):
        yield Leftover("volume", f"{volume.name} ({volume.id})", state_of(volume))
    if cluster.public_key is not None and openstack.keypair(cluster.keypair):
        yield Leftover("keypair", cluster.keypair)


def _changes(api: KubernetesApi) -> Iterator[Leftover]:
    for node in items(api, "/api/v1/nodes"):
        labels = node["metadata"].get("labels") or {}
        if labels.items() >= INGRESS_LABEL.items():
            text = ",".join(f"{key}={value}" for key, value in INGRESS_LABEL.items())
            yield Leftover("node label", text, f"on node {node['metadata']['name']}")
    namespace, _, name = CONFIG_MAP.partition("/")
    config_map = api.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}", missing=True)
    for key in SETTINGS.keys() & ((config_map or {}).get("data") or {}).keys():
        yield Leftover("ConfigMap key", key, f"in {CONFIG_MAP}")
