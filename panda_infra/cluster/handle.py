"""The interface to a cluster of any kind, for the rest of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from panda_infra.kubernetes_resources import KubernetesProvider

__all__ = ["ClusterHandle", "kubernetes_provider"]

_BURST, _QPS = (
    240,
    120,
)  # the client's default of 5 a second would delay more than a hundred objects


@dataclass(frozen=True)
class ClusterHandle:
    """The provider of a cluster, and the resources that must exist before anything is put into it."""

    provider: KubernetesProvider
    depends_on: Sequence[pulumi.Resource] = ()


def kubernetes_provider(
    *,
    kubeconfig: pulumi.Input[str],
    identifier: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
) -> KubernetesProvider:
    """The one Kubernetes provider of a stack.

    ``identifier`` stays the same when the kubeconfig is renewed: another one would replace every object.
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
