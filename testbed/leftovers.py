"""What a stack leaves behind on a bed: whatever the cluster has after it and had not before it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from testbed import waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.errors import BedError

__all__ = ["inventory", "remaining"]

# Everything without a namespace; what lies in one goes with it. ConfigMaps of kube-system are the cluster's own.
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
    "/apis/scheduling.k8s.io/v1/priorityclasses",
)
_GONE_WITHIN = 20.0


def inventory(bed: Bed) -> frozenset[str]:
    """The path of everything on the cluster that belongs to no namespace of a stack."""
    api = Api(bed.kubeconfig)

    def paths(collection: str) -> list[str]:
        return [f"{collection}/{item['metadata']['name']}" for item in api.list(collection)]

    with ThreadPoolExecutor(max_workers=8) as pool:
        return frozenset(path for found in pool.map(paths, _COLLECTIONS) for path in found)


def remaining(bed: Bed, before: frozenset[str]) -> tuple[str, ...]:
    """What is there beside ``before``, once controllers have had the time to clean up."""
    try:
        waiting.until(lambda: inventory(bed) <= before, "the cluster being as before", _GONE_WITHIN)
    except BedError:
        return tuple(sorted(inventory(bed) - before))
    return ()
