"""The Magnum cluster of another stack, which lends it to developers' stacks."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi

from panda_infra.cluster.handle import ClusterHandle, kubernetes_provider
from panda_infra.config.cluster import StackCluster
from panda_infra.plan.aliases import aliases_of
from panda_infra.state.from_engine import full_name

__all__ = ["LENT", "borrowed"]

LENT = "lent"
"""The output of a stack that lends its cluster: the cluster's id, and a kubeconfig, which is secret."""


def borrowed(cluster: StackCluster, hosts: Iterable[str]) -> ClusterHandle:
    """The handle of a cluster that another stack made, with LanDB aliases for ``hosts`` if that stack has any."""
    lender = pulumi.StackReference("lender", stack_name=full_name(cluster.stack))
    lent = lender.require_output(LENT)
    identifier = lent["id"]
    provider = kubernetes_provider(kubeconfig=lent["kubeconfig"], identifier=identifier)
    aliases = aliases_of(hosts, cluster.alias_domain) if cluster.alias_domain else ()
    if not aliases:
        return ClusterHandle(provider)
    from panda_infra.cluster.magnum.resources import LandbAliases, MagnumProvider  # noqa: PLC0415 - for these only

    # The plugin gets no owner: the servers have the mark of the stack that made them.
    plugin = MagnumProvider("magnum", cloud=cluster.cloud, owner="", opts=pulumi.ResourceOptions())
    written = LandbAliases(
        "landb-aliases",
        cluster_id=identifier,
        aliases=aliases,
        workers=0,
        offset=0,
        carriers=None,
        opts=pulumi.ResourceOptions(provider=plugin),
    )
    return ClusterHandle(provider, (written,))
