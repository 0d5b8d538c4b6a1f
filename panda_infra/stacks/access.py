"""Access to a stack's cluster and cloud for commands, from the stack file or from the last run's record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from panda_infra.clients.kubernetes.client import KubernetesApi, KubernetesClient
from panda_infra.clients.kubernetes.kubeconfig import MAGNUM, STATE, Target
from panda_infra.clients.openstack.api import OpenStack
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.cluster.existing import target_of
from panda_infra.config.cluster import Cluster, ExistingCluster, MagnumCluster, StackCluster
from panda_infra.config.secrets import Secrets
from panda_infra.errors import PandaInfraError
from panda_infra.provider.credentials import certificate_kubeconfig
from panda_infra.state.recorded import Recorded

__all__ = ["Access", "lent_access", "reach", "reach_cloud", "recorded_access", "with_cloud"]


@dataclass(frozen=True)
class Access:
    """Access to a stack's cluster and cloud.

    ``kubernetes`` is None if the cluster does not exist, ``openstack`` if the stack uses no cloud. ``target`` is the
    cluster with the credential in use, which is secret.
    """

    kubernetes: KubernetesApi | None
    openstack: OpenStack | None = None
    target: Target | None = None

    @property
    def leads_nowhere(self) -> bool:
        """True if neither a cluster nor a cloud can be reached."""
        return self.kubernetes is None and self.openstack is None

    def api(self, stack: str) -> KubernetesApi:
        """The API of the stack's cluster, for what cannot do without.

        Raises:
            PandaInfraError: it has no cluster yet.
        """
        if self.kubernetes is None:
            raise _no_cluster(stack)
        return self.kubernetes

    def way_in(self, stack: str) -> Target:
        """The stack's cluster with the credential in use, likewise.

        Raises:
            PandaInfraError: it has no cluster yet.
        """
        if self.target is None:
            raise _no_cluster(stack)
        return self.target

    def __repr__(self) -> str:
        return "Access(***)"


def _no_cluster(stack: str) -> PandaInfraError:
    return PandaInfraError(f"stack {stack} has no cluster yet: `pulumi up --stack {stack}` makes it")


def reach(stack: str, cluster: Cluster, secrets: Secrets) -> Access:
    """Connect to a stack's cluster and cloud; nothing is asked of Kubernetes yet.

    Raises:
        PandaInfraError: there are no usable credentials, or a request to OpenStack fails.
    """
    if isinstance(cluster, ExistingCluster):
        target = target_of(stack, cluster, secrets)
        return Access(KubernetesClient(target), target=target)
    if isinstance(cluster, StackCluster):
        return lent_access(cluster)
    from panda_infra.clients.openstack.sdk import SdkOpenStack  # noqa: PLC0415 - half a second, for clouds only

    return reach_cloud(cluster, SdkOpenStack(cluster.cloud))


def reach_cloud(cluster: MagnumCluster, openstack: OpenStack) -> Access:
    """Access to the cluster of the stack file's name, if Magnum has it and it has an address."""
    for listed in openstack.clusters_named(cluster.name):
        # The list does not contain addresses.
        found = openstack.cluster(listed.id)
        if found and found.api_address:
            target = MAGNUM.target(certificate_kubeconfig(openstack, found).text())
            return Access(KubernetesClient(target), openstack, target)
    return Access(None, openstack)


def with_cloud(cluster: Cluster, access: Access) -> Access:
    """The same access, with the cloud in which servers of a lent cluster carry the stack's aliases.

    Only searches for these aliases need it: otherwise a developer's stack is reached without credentials for the cloud.

    Raises:
        PandaInfraError: there are no usable credentials for the cloud.
    """
    if not isinstance(cluster, StackCluster) or cluster.alias_domain is None or access.openstack:
        return access
    from panda_infra.clients.openstack.sdk import SdkOpenStack  # noqa: PLC0415 - half a second, for clouds only

    return replace(access, openstack=SdkOpenStack(cluster.cloud))


def lent_access(cluster: StackCluster) -> Access:
    """Access to the cluster of another stack, by the credential that its last run recorded.

    Raises:
        PulumiError: that stack's state cannot be read.
        PandaInfraError: it has no cluster yet.
    """
    found = recorded_access(find_pulumi(Path()).state(cluster.stack, secrets=True).recorded)
    if found is None:
        raise PandaInfraError(
            f"stack {cluster.stack} has no cluster of Magnum's in its state: deploy it first, "
            f"`pulumi up --stack {cluster.stack}`"
        )
    return found


def recorded_access(recorded: Recorded) -> Access | None:
    """Access to the cluster with the credential that the last run recorded; None if it recorded none."""
    if not recorded.kubeconfig:
        return None
    target = STATE.target(recorded.kubeconfig)
    return Access(KubernetesClient(target), target=target)
