"""Replace pods of StatefulSets that block the rollout after a change was taken back.

Kubernetes replaces the pods one by one and waits until each is ready. It waits forever for a pod of a change that was
taken back, if that pod never becomes ready.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import true_conditions

__all__ = ["replace_outdated"]

_REVISION = "controller-revision-hash"
_INSTANCE = "app.kubernetes.io/instance"

Object = Mapping[str, Any]


def replace_outdated(api: KubernetesApi, namespace: str, release: str) -> list[str]:
    """Delete each pod of a release's StatefulSets that is not ready and not of the wanted revision.

    Its StatefulSet makes it again at once, with the same claims; a ready pod is left to the rollout.

    Returns:
        the names of the deleted pods.

    Raises:
        KubernetesError: the cluster cannot be asked, or refuses.
    """
    query = [("labelSelector", f"{_INSTANCE}={release}")]
    sets = (
        api.call("GET", f"/apis/apps/v1/namespaces/{namespace}/statefulsets", query=query, missing=True) or {}
    )
    wanted = {
        one["metadata"]["uid"]: one["status"]["updateRevision"] for one in _settled(sets.get("items") or ())
    }
    if not wanted:
        return []
    pods = (api.call("GET", f"/api/v1/namespaces/{namespace}/pods", query=query, missing=True) or {}).get(
        "items"
    ) or ()
    outdated = [pod["metadata"]["name"] for pod in pods if _is_outdated(pod, wanted)]
    for name in outdated:
        api.call("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", missing=True)
    return outdated


def _settled(sets: Any) -> Iterator[Object]:
    """The StatefulSets whose controller has processed their newest form."""
    for one in sets:
        status = one.get("status") or {}
        if status.get("updateRevision") and status.get("observedGeneration") == one["metadata"].get(
            "generation"
        ):
            yield one


def _is_outdated(pod: Object, wanted: Mapping[str, str]) -> bool:
    metadata = pod["metadata"]
    owners = {owner["uid"] for owner in metadata.get("ownerReferences") or ()} & wanted.keys()
    ready = "Ready" in true_conditions(pod)
    revision = (metadata.get("labels") or {}).get(_REVISION)
    return (
        bool(owners)
        and not ready
        and "deletionTimestamp" not in metadata
        and revision != wanted[owners.pop()]
    )
