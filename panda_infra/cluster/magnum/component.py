"""The Magnum cluster of a stack with everything that PanDA needs."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from panda_infra.cluster.handle import ClusterHandle, kubernetes_provider
from panda_infra.cluster.ingress import CONFIG_MAP, ingress_settings
from panda_infra.cluster.magnum.keypair import MadeKeypair
from panda_infra.cluster.magnum.resources import (
    Cluster,
    ClusterAccess,
    LandbAliases,
    MagnumProvider,
    NodeLabels,
    ReleasedVolumes,
)
from panda_infra.config.cluster import MagnumCluster

__all__ = ["INGRESS_LABEL", "Magnum", "worker_count"]

INGRESS_LABEL = {"role": "ingress"}  # CERN's ingress controller runs on nodes with this label


class Magnum(pulumi.ComponentResource):
    """Keypair, cluster, access, node labels, LanDB aliases and ingress settings.

    ``aliases`` are LanDB's names that lead to this cluster. ``protect`` prevents the deletion of the cluster.
    ``owner`` is written on all that is made, ``keypair`` is that of the stack.
    """

    def __init__(
        self,
        name: str,
        cluster: MagnumCluster,
        *,
        aliases: Sequence[str],
        owner: str,
        keypair: MadeKeypair | None,
        protect: bool,
    ) -> None:
        super().__init__("panda-infra:cluster:Magnum", name)
        child = pulumi.ResourceOptions(parent=self)
        plugin = MagnumProvider("magnum", cloud=cluster.cloud, owner=owner, opts=child)
        own = pulumi.ResourceOptions(parent=self, provider=plugin)
        made = Cluster(
            "cluster",
            cluster,
            opts=_merged(
                own,
                depends_on=_keypair(cluster, keypair, child),
                protect=protect,
                retain_on_delete=cluster.stays,
            ),
        )
        # Objects inside the cluster are deleted with it.
        end = {} if cluster.stays else {"deleted_with": made}
        inside = _merged(own, **end)
        workers = worker_count(cluster)
        # An autoscaler decides the number of workers, if there is one.
        meant = workers if cluster.node_counts == "program" else 0
        access = ClusterAccess(
            "access",
            cluster_id=made.cluster_id,
            workers=max(meant, 1),
            renew_days=cluster.renew_days,
            token_hours=cluster.token_hours,
            config_maps=[CONFIG_MAP],
            opts=inside,
        )
        ready = _merged(inside, depends_on=[access])
        labels = NodeLabels(
            "node-labels", cluster_id=made.cluster_id, labels=INGRESS_LABEL, workers=meant, opts=ready
        )
        if aliases and cluster.aliases == "program":
            LandbAliases(
                "landb-aliases",
                cluster_id=made.cluster_id,
                aliases=aliases,
                workers=meant,
                offset=cluster.alias_offset,
                carriers=cluster.alias_workers,
                opts=_merged(ready, depends_on=[access, labels]),
            )
        provider = kubernetes_provider(kubeconfig=access.kubeconfig, identifier=made.cluster_id, opts=child)
        settings = ingress_settings(provider, snippet_risk=access.snippet_risk, opts=_merged(child, **end))
        # On destroy, everything inside is removed first, then this resource waits, then the cluster is removed.
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


def _keypair(
    cluster: MagnumCluster, keypair: MadeKeypair | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The keypair if the stack makes it, else empty."""
    if keypair is None:
        return []
    import pulumi_openstack as openstack  # noqa: PLC0415 - takes seconds, for such stacks only

    cloud = openstack.Provider("openstack", cloud=cluster.cloud, opts=opts)
    return [
        openstack.compute.Keypair(
            "keypair",
            name=cluster.keypair,
            public_key=keypair.text,
            opts=_merged(opts, provider=cloud, import_=cluster.keypair if keypair.take_up else None),
        )
    ]


def _merged(opts: pulumi.ResourceOptions, **more: object) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(**more))  # type: ignore[arg-type]
