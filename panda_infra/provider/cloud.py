"""One cloud and the ways into its Magnum clusters, for the life of the plugin's process."""

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

    Each process asks Magnum for a certificate of its own and keeps it in memory: reading and repairing nodes
    needs no credential from the state, and none that could have expired there.
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
        """The cloud of that name in clouds.yaml; None stands for the one that the environment tells."""
        return cls(lambda: SdkOpenStack(name))

    @cached_property
    def openstack(self) -> OpenStack:
        """OpenStack's services; connects at the first use."""
        return self._connect()

    def cluster(self, cluster_id: str) -> ClusterInfo:
        """A cluster that must be there.

        Raises:
            ResourceError: Magnum knows none.
        """
        found = self.openstack.cluster(cluster_id)
        if found is None:
            msg = f"Magnum has no cluster {cluster_id} any more: run `pulumi refresh`, then `pulumi up`"
            raise ResourceError(msg)
        return found

    def kubeconfig(self, cluster: ClusterInfo) -> Kubeconfig:
        """This process's own way into a cluster that has an address."""
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
