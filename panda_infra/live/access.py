"""The ways into a stack's cluster and cloud for commands: from the stack file alone, never from the engine's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from panda_infra.cluster.existing import kubeconfig_text
from panda_infra.config.cluster import ExistingCluster, MagnumCluster
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.provider.credentials import certificate_kubeconfig
from panda_infra.provider.kube_api import ClientKubernetes, KubernetesApi
from panda_infra.provider.openstack_api import OpenStack
from panda_infra.provider.openstack_sdk import SdkOpenStack

__all__ = ["Access", "KubernetesApi", "items", "reach", "reach_cloud"]


@dataclass(frozen=True)
class Access:
    """Where a stack lives.

    ``kubernetes`` is None when the cluster does not exist, ``openstack`` when the stack has no part in a cloud.
    ``kubeconfig`` is the credential in use, secret.
    """

    kubernetes: KubernetesApi | None
    openstack: OpenStack | None = None
    kubeconfig: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return "Access(***)"


def reach(config: StackConfig) -> Access:
    """Connect to a stack's cluster and cloud; nothing is asked of Kubernetes yet.

    Raises:
        PandaInfraError: there are no usable credentials, or OpenStack cannot be asked.
    """
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        kubeconfig = _existing(cluster, config)
        return Access(ClientKubernetes(kubeconfig), kubeconfig=kubeconfig)
    return reach_cloud(cluster, SdkOpenStack(cluster.cloud))


def reach_cloud(cluster: MagnumCluster, openstack: OpenStack) -> Access:
    """The cluster with the name that the stack file gives, if Magnum has it and it has an address."""
    for listed in openstack.clusters_named(cluster.name):
        # The listing itself tells no address.
        found = openstack.cluster(listed.id)
        if found and found.api_address:
            kubeconfig = certificate_kubeconfig(openstack, found).content
            return Access(ClientKubernetes(kubeconfig), openstack, kubeconfig)
    return Access(None, openstack)


def items(api: KubernetesApi, path: str, *, labels: str = "") -> list[Mapping[str, Any]]:
    """The objects of a collection, or those with some labels; none when the cluster has no such kind."""
    query = [("labelSelector", labels)] if labels else []
    return (api.call("GET", path, query=query, missing=True) or {}).get("items") or []


def _existing(cluster: ExistingCluster, config: StackConfig) -> Mapping[str, Any]:
    try:
        kubeconfig: dict[str, Any] = yaml.safe_load(kubeconfig_text(cluster, config.secrets))
    except OSError:
        raise PandaInfraError(f"cluster.kubeconfig: no readable file at {cluster.kubeconfig!r}") from None
    return kubeconfig | ({"current-context": cluster.context} if cluster.context else {})
