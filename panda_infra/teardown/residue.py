"""Find the leftovers of a stack by the names in its plan."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.config.cluster import MagnumCluster, StackCluster
from panda_infra.plan.model import Plan
from panda_infra.stacks.access import Access
from panda_infra.teardown.leftover import Leftover
from panda_infra.teardown.magnum import CLUSTER, aliases_of_developer, changes, in_openstack
from panda_infra.teardown.objects import in_cluster

__all__ = ["Leftover", "in_kubernetes", "residue"]


def residue(plan: Plan, access: Access) -> list[Leftover]:
    """Everything that is left in Kubernetes and in OpenStack.

    Raises:
        PandaInfraError: one of the two cannot be asked.
    """
    cluster, kubernetes = plan.config.cluster, access.kubernetes
    found: list[Leftover] = []
    if access.openstack and isinstance(cluster, MagnumCluster):
        found += in_openstack(plan, cluster, access.openstack)
        # The content of a deleted cluster is gone with it.
        kubernetes = kubernetes if any(leftover.kind == CLUSTER for leftover in found) else None
    if access.openstack and isinstance(cluster, StackCluster):
        found += aliases_of_developer(plan, cluster, access.openstack)
    if kubernetes:
        found += in_kubernetes(plan, kubernetes)
    return sorted(found)


def in_kubernetes(plan: Plan, api: KubernetesApi) -> Iterator[Leftover]:
    """Leftover objects in the cluster, and changes to objects of others."""
    yield from in_cluster(plan, api)
    if isinstance(plan.config.cluster, MagnumCluster):
        yield from changes(plan, plan.config.cluster, api)
