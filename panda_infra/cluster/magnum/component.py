"""The Magnum cluster of a stack with everything that PanDA needs of it."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi

from panda_infra.cluster.handle import ClusterHandle, kubernetes_provider
from panda_infra.cluster.ingress import CONFIG_MAP, ingress_settings
from panda_infra.cluster.magnum.resources import (
    Cluster,
    ClusterAccess,
    LandbAliases,
    MagnumProvider,
    NodeLabels,
    ReleasedVolumes,
)
from panda_infra.config.cluster import MagnumCluster
from panda_infra.plan.aliases import aliases_of

__all__ = ["INGRESS_LABEL", "Magnum", "worker_count"]

INGRESS_LABEL = {"role": "ingress"}  # CERN's ingress controller runs on nodes that carry it


class Magnum(pulumi.ComponentResource):
    """Keypair, cluster, access, node labels, LanDB aliases and ingress settings.

    ``hosts`` are all host names that lead to this cluster; those in `cluster.aliasHosts` are added. ``protect``
    keeps the cluster from ever being deleted.
    """

    def __init__(
        self,
        name: str,
        cluster: MagnumCluster,
        *,
        hosts: Iterable[str],
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("panda-infra:cluster:Magnum", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plugin = MagnumProvider("magnum", cloud=cluster.cloud, opts=child)
        own = pulumi.ResourceOptions(parent=self, provider=plugin)
        made = Cluster(
            "cluster",
            cluster,
            opts=_merged(own, depends_on=_keypair(cluster, child), protect=protect),
        )
        # What lives inside the cluster needs no removal of its own when the cluster goes.
        inside = _merged(own, deleted_with=made)
        workers = worker_count(cluster)
        access = ClusterAccess(
            "access",
            cluster_id=made.cluster_id,
            workers=workers,
            renew_days=cluster.renew_days,
            token_hours=cluster.token_hours,
            config_maps=[CONFIG_MAP],
            opts=inside,
        )
        ready = _merged(inside, depends_on=[access])
        labels = NodeLabels(
            "node-labels", cluster_id=made.cluster_id, labels=INGRESS_LABEL, workers=workers, opts=ready
        )
        aliases = aliases_of([*hosts, *cluster.alias_hosts], cluster.alias_domain) if _writes(cluster) else ()
        if aliases:
            LandbAliases(
                "landb-aliases",
                cluster_id=made.cluster_id,
                aliases=aliases,
                workers=workers,
                offset=cluster.alias_offset,
                opts=_merged(ready, depends_on=[access, labels]),
            )
        provider = kubernetes_provider(kubeconfig=access.kubeconfig, identifier=made.cluster_id, opts=child)
        settings = ingress_settings(provider, opts=_merged(child, deleted_with=made))
        # Everything inside is removed before it, the cluster after it.
        volumes = ReleasedVolumes(
            "volumes", cluster_id=made.cluster_id, opts=_merged(own, depends_on=[access])
        )
        self.handle = ClusterHandle(provider, (labels, settings, volumes))
        self.cluster_id = made.cluster_id
        self.api_address = access.api_address
        self.kubeconfig = access.kubeconfig
        self.expires = access.expires
        self.register_outputs(
            {"clusterId": self.cluster_id, "apiAddress": self.api_address, "expires": self.expires}
        )


def worker_count(cluster: MagnumCluster) -> int:
    """Number of workers in all groups."""
    return cluster.node_count + sum(group.count for group in cluster.node_groups)


def _writes(cluster: MagnumCluster) -> bool:
    return cluster.aliases == "program"


def _keypair(cluster: MagnumCluster, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """The keypair when the stack makes it."""
    if cluster.public_key is None:
        return []
    import pulumi_openstack as openstack  # noqa: PLC0415 - seconds that other stacks need not wait for

    cloud = openstack.Provider("openstack", cloud=cluster.cloud, opts=opts)
    return [
        openstack.compute.Keypair(
            "keypair", name=cluster.keypair, public_key=cluster.public_key, opts=_merged(opts, provider=cloud)
        )
    ]


def _merged(opts: pulumi.ResourceOptions, **more: object) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))  # type: ignore[arg-type]
