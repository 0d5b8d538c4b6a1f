"""Find the leftovers of a stack in OpenStack, and of its changes to a Magnum cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import items
from panda_infra.clients.openstack.api import OpenStack, Server
from panda_infra.cluster.ingress import CONFIG_MAP, RISK, SETTINGS
from panda_infra.cluster.magnum.component import INGRESS_LABEL
from panda_infra.cluster.magnum.keypair import is_made_by
from panda_infra.config.cluster import MagnumCluster, StackCluster
from panda_infra.plan.aliases import aliases_of, numbers_in, unpack
from panda_infra.plan.model import Plan
from panda_infra.provider.membership import own_servers, server_prefix
from panda_infra.provider.owned import NODE_ANNOTATION, SERVER_KEY
from panda_infra.teardown.leftover import Leftover
from panda_infra.teardown.volumes import claimed_in, made_by, shared_by, state_of

__all__ = ["CLUSTER", "aliases_of_developer", "changes", "in_openstack"]

CLUSTER = "cluster"
"""Kind of a leftover cluster; without one, nothing inside can be left."""


def in_openstack(plan: Plan, cluster: MagnumCluster, openstack: OpenStack) -> Iterator[Leftover]:
    """The cluster, its servers and their aliases, its volumes and shares, and the keypair of the stack.

    A cluster that outlives the stack is not the stack's, and neither are its servers and the things of others in it.
    """
    ours = not cluster.stays
    named = openstack.clusters_named(cluster.name)
    for one in named:
        yield Leftover(CLUSTER, f"{one.name} ({one.id})", one.status, ours)
    listed = openstack.servers(server_prefix(cluster.name))
    servers = own_servers(cluster.name, (group.name for group in cluster.node_groups), listed)
    for server in servers:
        if ours:
            yield Leftover("server", f"{server.name} ({server.id})", server.status)
        yield from _aliases(plan, cluster, server)
    names = {cluster.name, *(one.id for one in named)}
    for volume in made_by(names, plan.config.namespace, {server.id for server in servers}, openstack):
        if ours or claimed_in(volume) == plan.config.namespace:
            yield Leftover("volume", f"{volume.name} ({volume.id})", state_of(volume))
    for share, sure in shared_by(names, plan.config.namespace, openstack):
        if ours or claimed_in(share) == plan.config.namespace:
            yield Leftover("share", f"{share.name} ({share.id})", state_of(share), sure)
    if cluster.public_key is not None and (text := openstack.keypair(cluster.keypair)) is not None:
        mine = is_made_by(text, plan.owner)
        yield Leftover("keypair", cluster.keypair, "" if mine else "without this stack's mark", mine)


def changes(plan: Plan, cluster: MagnumCluster, api: KubernetesApi) -> Iterator[Leftover]:
    """Labels and settings that stacks give to a cluster; in a cluster that stays they may belong to others."""
    for node in items(api, "/api/v1/nodes"):
        metadata = node["metadata"]
        if (metadata.get("labels") or {}).items() >= INGRESS_LABEL.items():
            mark = (metadata.get("annotations") or {}).get(NODE_ANNOTATION, "")
            ours = plan.owner.wrote(mark) or not cluster.stays
            text = ",".join(f"{key}={value}" for key, value in INGRESS_LABEL.items())
            yield Leftover("node label", text, f"on node {metadata['name']}", ours)
    namespace, _, name = CONFIG_MAP.partition("/")
    config_map = api.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}", missing=True)
    for key in {*SETTINGS, RISK} & ((config_map or {}).get("data") or {}).keys():
        yield Leftover("ConfigMap key", key, f"in {CONFIG_MAP}", not cluster.stays)


def aliases_of_developer(plan: Plan, cluster: StackCluster, openstack: OpenStack) -> Iterator[Leftover]:
    """The aliases of a developer's stack on any server of the cloud: its parent's cluster may be made anew since then.

    They count as the stack's although the mark on servers is the parent's, because no other stack has its hosts.
    """
    names = aliases_of(plan.hosts.values(), cluster.alias_domain) if cluster.alias_domain else ()
    for server in openstack.servers("") if names else ():
        if carried := numbers_in(unpack(server.metadata), names):
            yield _aliases_on(server, carried, ours=True)


def _aliases(plan: Plan, cluster: MagnumCluster, server: Server) -> Iterator[Leftover]:
    names = plan.aliases if cluster.aliases == "program" else ()
    if carried := numbers_in(unpack(server.metadata), names):
        mark = server.metadata.get(SERVER_KEY, "")
        yield _aliases_on(server, carried, ours=plan.owner.wrote(mark) or not cluster.stays)


def _aliases_on(server: Server, carried: Iterable[str], *, ours: bool) -> Leftover:
    return Leftover("LanDB aliases", ", ".join(sorted(carried)), f"on server {server.name}", ours)
