"""What the rest of the program needs of a cluster, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

__all__ = ["ClusterHandle", "kubernetes_provider"]

_BURST, _QPS = (
    240,
    120,
)  # more than a hundred objects at once would wait for the client's default of 5 a second


@dataclass(frozen=True)
class ClusterHandle:
    """A way into the cluster, and what must be there before anything is put into it."""

    provider: kubernetes.Provider
    depends_on: Sequence[pulumi.Resource] = ()


def kubernetes_provider(
    *,
    kubeconfig: pulumi.Input[str],
    identifier: pulumi.Input[str],
    context: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
) -> kubernetes.Provider:
    """The one Kubernetes provider of a stack.

    ``identifier`` stays the same when the kubeconfig is renewed: only a change of it would replace every object.
    """
    return kubernetes.Provider(
        "cluster",
        kubeconfig=pulumi.Output.secret(kubeconfig),
        context=context,
        cluster_identifier=identifier,
        # Secrets and ConfigMaps are updated in place: a replacement would take them from running pods.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
        kube_client_settings=kubernetes.KubeClientSettingsArgs(burst=_BURST, qps=_QPS),
        opts=opts,
    )
