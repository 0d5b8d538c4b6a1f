"""The ways into a stack's cluster and cloud for commands: from the stack file alone, never from the engine's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import yaml

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.clients.openstack.api import OpenStack
from panda_infra.cluster.existing import target_of
from panda_infra.config.cluster import ExistingCluster, MagnumCluster
from panda_infra.config.stack import StackConfig
from panda_infra.provider.credentials import certificate_kubeconfig
from panda_infra.provider.kube_api import ClientKubernetes
from panda_infra.state.recorded import Recorded

__all__ = [
    "Access",
    "KubernetesApi",
    "Listing",
    "LiveApi",
    "items",
    "listing",
    "reach",
    "reach_cloud",
    "recorded_access",
]


class LiveApi(KubernetesApi, Protocol):
    """The API of a cluster of which it may be asked whether it is there at all."""

    def answers(self) -> bool:
        """Whether anything answers at the API's address, whoever asks."""


@dataclass(frozen=True)
class Access:
    """Where a stack lives.

    ``kubernetes`` is None when the cluster does not exist, ``openstack`` when the stack has no part in a cloud.
    ``kubeconfig`` is the credential in use, secret. ``lost`` is a cluster that is taken for gone, as its address does
    not answer: nothing in it can be looked at.
    """

    kubernetes: LiveApi | None
    openstack: OpenStack | None = None
    kubeconfig: Mapping[str, Any] | None = None
    lost: bool = False

    @property
    def leads_nowhere(self) -> bool:
        """Whether there is nothing that could be asked."""
        return self.kubernetes is None and self.openstack is None

    def __repr__(self) -> str:
        return "Access(***)"


@dataclass(frozen=True)
class Listing:
    """The objects of a collection; ``refused`` says why they may not be read, and is empty if they may."""

    items: Sequence[Mapping[str, Any]] = ()
    refused: str = ""


def reach(stack: str, config: StackConfig) -> Access:
    """Connect to a stack's cluster and cloud; nothing is asked of Kubernetes yet.

    Raises:
        PandaInfraError: there are no usable credentials, or OpenStack cannot be asked.
    """
    cluster = config.cluster
    if isinstance(cluster, ExistingCluster):
        target = target_of(stack, cluster, config.secrets)
        return Access(ClientKubernetes(target), kubeconfig=target.document())
    from panda_infra.clients.openstack.sdk import SdkOpenStack  # noqa: PLC0415 - half a second, for clouds only

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


def recorded_access(recorded: Recorded) -> Access | None:
    """The way into a cluster with the credential that the last run recorded; None where it recorded none."""
    if not recorded.kubeconfig:
        return None
    kubeconfig = yaml.safe_load(recorded.kubeconfig)
    return Access(ClientKubernetes(kubeconfig), kubeconfig=kubeconfig)


def items(api: KubernetesApi, path: str, *, labels: str = "") -> list[Mapping[str, Any]]:
    """The objects of a collection, or those with some labels; none when the cluster has no such kind."""
    query = [("labelSelector", labels)] if labels else []
    return (api.call("GET", path, query=query, missing=True) or {}).get("items") or []


def listing(api: KubernetesApi, path: str, *, labels: str = "") -> Listing:
    """The same for a user who may not be allowed to: one who is at home in a single namespace."""
    try:
        return Listing(items(api, path, labels=labels))
    except KubernetesNotAllowedError as error:
        if error.status != HTTPStatus.FORBIDDEN:  # the user is not known at all
            raise
        return Listing(refused=error.what)
