"""What the rest of the program needs of a cluster, whatever its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from panda_infra.kubernetes_resources import KubernetesProvider

__all__ = ["ClusterHandle", "kubernetes_provider"]

_BURST, _QPS = (
    240,
    120,
)  # more than a hundred objects at once would wait for the client's default of 5 a second


@dataclass(frozen=True)
class ClusterHandle:
    """A way into the cluster, and what must be there before anything is put into it."""

    provider: KubernetesProvider
    depends_on: Sequence[pulumi.Resource] = ()


def kubernetes_provider(
    *,
    kubeconfig: pulumi.Input[str],
    identifier: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> KubernetesProvider:
    """The one Kubernetes provider of a stack.

    ``identifier`` stays the same when the kubeconfig is renewed: only a change of it would replace every object.
    """
    return KubernetesProvider(
        "cluster",
        {
            "kubeconfig": pulumi.Output.secret(kubeconfig),
            "clusterIdentifier": identifier,
            # Secrets and ConfigMaps are updated in place: a replacement would take them from running pods.
            "enableSecretMutable": True,
            "enableConfigMapMutable": True,
            "kubeClientSettings": {"burst": _BURST, "qps": _QPS},
        },
        opts,
    )
