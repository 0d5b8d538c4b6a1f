"""Declare the resources of the provider plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from panda_infra.config.cluster import MagnumCluster
from panda_infra.provider import PACKAGE
from panda_infra.provider.cluster_description import inputs_from

__all__ = ["Cluster", "ClusterAccess", "LandbAliases", "MagnumProvider", "NodeLabels", "ReleasedVolumes"]


class MagnumProvider(pulumi.ProviderResource):
    """The plugin, connected to one cloud; it writes ``owner`` on all that it makes."""

    def __init__(self, name: str, *, cloud: str | None, owner: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__(PACKAGE, name, {"cloud": cloud, "owner": owner}, opts)


class Cluster(pulumi.CustomResource):
    """The Magnum cluster."""

    def __init__(self, name: str, cluster: MagnumCluster, *, opts: pulumi.ResourceOptions) -> None:
        inputs = inputs_from(cluster).model_dump(mode="json", by_alias=True)
        super().__init__(_token("Cluster"), name, {**inputs, "clusterId": None}, opts)

    @property
    def cluster_id(self) -> pulumi.Output[str]:
        """Magnum's id (UUID)."""
        return _output(self, "clusterId")


class ClusterAccess(pulumi.CustomResource):
    """Access to the cluster, made when the cluster is ready for use."""

    def __init__(
        self,
        name: str,
        *,
        cluster_id: pulumi.Input[str],
        workers: int,
        renew_days: int,
        token_hours: int | None,
        config_maps: Sequence[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {
            "clusterId": cluster_id,
            "workers": workers,
            "renewDays": renew_days,
            "tokenHours": token_hours,
            "configMaps": list(config_maps),
        }
        outputs = dict.fromkeys(("apiAddress", "expires", "kubeconfig", "snippetRisk"))
        secret = pulumi.ResourceOptions(additional_secret_outputs=["kubeconfig"])
        super().__init__(
            _token("ClusterAccess"), name, {**inputs, **outputs}, pulumi.ResourceOptions.merge(opts, secret)
        )

    @property
    def api_address(self) -> pulumi.Output[str]:
        """URL of the Kubernetes API."""
        return _output(self, "apiAddress")

    @property
    def expires(self) -> pulumi.Output[str]:
        """The end of the credential, ISO 8601."""
        return _output(self, "expires")

    @property
    def snippet_risk(self) -> pulumi.Output[str]:
        """The risk level that snippets need in the ingress controller's settings; empty if they need none.

        Empty too while it is unknown in a preview: without a cluster, and with the state of an older version.
        """
        output = _output(self, "snippetRisk")

        async def known() -> str:
            return (await output.future() or "") if await output.is_known() else ""

        return pulumi.Output.from_input(known())

    @property
    def kubeconfig(self) -> pulumi.Output[str]:
        """Text of a kubeconfig; secret."""
        return _output(self, "kubeconfig")


class NodeLabels(pulumi.CustomResource):
    """Labels on every worker."""

    def __init__(
        self,
        name: str,
        *,
        cluster_id: pulumi.Input[str],
        labels: Mapping[str, str],
        workers: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {"clusterId": cluster_id, "labels": dict(labels), "workers": workers}
        super().__init__(_token("NodeLabels"), name, inputs, opts)


class LandbAliases(pulumi.CustomResource):
    """LanDB aliases that all Ready workers share, or only the first ``carriers`` of them."""

    def __init__(
        self,
        name: str,
        *,
        cluster_id: pulumi.Input[str],
        aliases: Sequence[str],
        workers: int,
        offset: int,
        carriers: int | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        inputs = {
            "clusterId": cluster_id,
            "aliases": list(aliases),
            "workers": workers,
            "offset": offset,
            "carriers": carriers,
        }
        super().__init__(_token("LandbAliases"), name, inputs, opts)


class ReleasedVolumes(pulumi.CustomResource):
    """Delays the deletion of the cluster until the volumes of removed claims are deleted."""

    def __init__(self, name: str, *, cluster_id: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__(_token("ReleasedVolumes"), name, {"clusterId": cluster_id}, opts)


def _token(name: str) -> str:
    return f"{PACKAGE}:index:{name}"


def _output(resource: pulumi.CustomResource, name: str) -> pulumi.Output[str]:
    found: pulumi.Output[str] = vars(resource)[name]
    return found
