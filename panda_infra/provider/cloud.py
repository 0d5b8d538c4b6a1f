"""One cloud and the access to its Magnum clusters, for the life of the plugin's process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.kubeconfig import MAGNUM, Target
from panda_infra.clients.openstack.api import ClusterInfo, OpenStack
from panda_infra.clients.openstack.sdk import SdkOpenStack
from panda_infra.errors import ResourceError
from panda_infra.provider.credentials import Kubeconfig, certificate_kubeconfig
from panda_infra.provider.kube_api import ClusterKubernetes, Kubernetes

__all__ = ["Cloud"]


def _connected(target: Target) -> Kubernetes:
    return ClusterKubernetes(KubernetesClient(target))


class Cloud:
    """OpenStack, and the Kubernetes API of each cluster in it.

    Each process gets a certificate of its own from Magnum and keeps it in memory: a credential in the state, to
    read and repair nodes, could have expired.
    """

    def __init__(
        self, openstack: Callable[[], OpenStack], kubernetes: Callable[[Target], Kubernetes] = _connected
    ) -> None:
        self._connect = openstack
        self._open = kubernetes
        self._lock = threading.Lock()
        self._kubeconfigs: dict[str, Kubeconfig] = {}
        self._clusters: dict[str, Kubernetes] = {}

    @classmethod
    def of_name(cls, name: str | None) -> Cloud:
        """The cloud of that name in clouds.yaml; None stands for the cloud of the OS_* variables."""
        return cls(lambda: SdkOpenStack(name))

    @cached_property
    def openstack(self) -> OpenStack:
        """OpenStack's services; connects at the first use."""
        return self._connect()

    def cluster(self, cluster_id: str) -> ClusterInfo:
        """A cluster that must exist.

        Raises:
            ResourceError: Magnum does not have it.
        """
        found = self.openstack.cluster(cluster_id)
        if found is None:
            msg = f"Magnum has no cluster {cluster_id} any more: run `pulumi refresh`, then `pulumi up`"
            raise ResourceError(msg)
        return found

    def kubeconfig(self, cluster: ClusterInfo) -> Kubeconfig:
        """This process's own kubeconfig for a cluster that has an address."""
        with self._lock:
            if cluster.id not in self._kubeconfigs:
                self._kubeconfigs[cluster.id] = certificate_kubeconfig(self.openstack, cluster)
            return self._kubeconfigs[cluster.id]

    def kubernetes(self, cluster: ClusterInfo) -> Kubernetes:
        """The Kubernetes API of a cluster that has an address."""
        kubeconfig = self.kubeconfig(cluster)
        with self._lock:
            if cluster.id not in self._clusters:
                self._clusters[cluster.id] = self._open(MAGNUM.target(kubeconfig.text()))
            return self._clusters[cluster.id]
