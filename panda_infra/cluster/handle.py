"""The interface to a cluster of any kind, for the rest of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi

from panda_infra.clients.kubernetes.kubeconfig import STATE
from panda_infra.kubernetes_resources import KubernetesProvider

__all__ = ["ClusterHandle", "acting_as", "kubernetes_provider"]

_BURST, _QPS = (
    240,
    120,
)  # the client's default of 5 a second would delay more than a hundred objects


@dataclass(frozen=True)
class ClusterHandle:
    """The provider of a cluster, and the resources that must exist before anything is put into it."""

    provider: KubernetesProvider
    depends_on: Sequence[pulumi.Resource] = ()

    def acting_as(self, user: str) -> KubernetesProvider:
        """A second provider, for what is made with the rights of a user of the cluster.

        Its kubeconfig is that of the first one, which must be allowed to impersonate the user.
        """
        settings = self.provider.settings
        text = pulumi.Output.from_input(settings["kubeconfig"]).apply(lambda whole: acting_as(whole, user))
        return kubernetes_provider(
            kubeconfig=text, identifier=settings["clusterIdentifier"], name="inside-the-namespace"
        )


def kubernetes_provider(
    *,
    kubeconfig: pulumi.Input[str],
    identifier: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None = None,
    name: str = "cluster",
) -> KubernetesProvider:
    """The Kubernetes provider of a stack.

    ``identifier`` stays the same when the kubeconfig is renewed: another one would replace every object.
    """
    return KubernetesProvider(
        name,
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


def acting_as(kubeconfig: str, user: str) -> str:
    """The text of a kubeconfig that acts as another user, whom its own user must be allowed to impersonate."""
    target = STATE.target(kubeconfig)
    return replace(target, user={**target.user, "as": user}).text()
