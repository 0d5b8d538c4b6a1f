"""Finds leftovers of a stack: objects that cluster or cloud have after it and did not have before.

``panda_infra.teardown.residue`` searches by the names of a plan; this module uses no names, so it tests that too.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from testbed import waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.errors import BedError
from testbed.openstack_bed.cloud import OpenStackBed

__all__ = ["of_cloud", "of_cluster", "remaining"]

# Objects without a namespace (others go with theirs). ConfigMaps of kube-system are the cluster's own.
_COLLECTIONS = (
    "/api/v1/namespaces",
    "/api/v1/persistentvolumes",
    "/api/v1/namespaces/kube-system/configmaps",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/storage.k8s.io/v1/volumeattachments",
    "/apis/storage.k8s.io/v1/csidrivers",
    "/apis/networking.k8s.io/v1/ingressclasses",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
)
# The cluster itself puts it into every namespace, some time after it was made.
_OF_EVERY_NAMESPACE = "kube-root-ca.crt"
_GONE_WITHIN = 20.0


def of_cluster(bed: Bed) -> frozenset[str]:
    """The path of every object on the cluster that is not in a stack's namespace."""
    api = Api(bed.kubeconfig)

    def paths(collection: str) -> list[str]:
        names = (item["metadata"]["name"] for item in api.list(collection))
        return [f"{collection}/{name}" for name in names if name != _OF_EVERY_NAMESPACE]

    with ThreadPoolExecutor(max_workers=8) as pool:
        return frozenset(path for found in pool.map(paths, _COLLECTIONS) for path in found)


def of_cloud(cloud: OpenStackBed) -> frozenset[str]:
    """All objects in the cloud of the kinds that a stack makes, by kind and name."""
    tenant = cloud.connection()
    found = {
        "cluster": tenant.container_infrastructure_management.clusters(),
        "server": tenant.compute.servers(),
        "keypair": tenant.compute.keypairs(),
        "server group": tenant.compute.server_groups(),
        "volume": tenant.block_storage.volumes(),
    }
    return frozenset(f"{kind} {item.name}" for kind, items in found.items() for item in items)


def remaining(inventory: Callable[[], frozenset[str]], before: frozenset[str]) -> tuple[str, ...]:
    """The objects that were not in ``before``, after controllers had time to clean up."""
    try:
        waiting.until(lambda: inventory() <= before, "all being as before", _GONE_WITHIN)
    except BedError:
        return tuple(sorted(inventory() - before))
    return ()
