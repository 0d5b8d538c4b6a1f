"""Objects that cannot end because whoever put a finalizer on them is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.listings import listing

__all__ = ["Stuck", "free", "stuck_in"]


@dataclass(frozen=True)
class Stuck:
    """An object that is being deleted, and the finalizers that it waits for; ``since`` is when deletion began.

    ``item`` is the object as the API gave it.
    """

    kind: str
    name: str
    path: str
    finalizers: tuple[str, ...]
    since: datetime
    item: Mapping[str, Any] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}, which waits for {', '.join(self.finalizers)}"


def stuck_in(api: KubernetesApi, namespace: str) -> list[Stuck]:
    """Every object in a namespace that is being deleted and waits for a finalizer."""
    return [
        found
        for collection in _collections(api, namespace)
        for item in listing(api, collection).items  # what a user may not list, that user cannot free
        if (found := _stuck(item, collection))
    ]


def free(api: KubernetesApi, stuck: Stuck) -> None:
    """Take all finalizers from an object, which ends it at once; what they guarded is nobody's business any more."""
    api.call("PATCH", stuck.path, body={"metadata": {"finalizers": None}}, missing=True)


def _stuck(item: Mapping[str, Any], collection: str) -> Stuck | None:
    metadata = item["metadata"]
    finalizers = tuple(metadata.get("finalizers") or ())
    since = metadata.get("deletionTimestamp")
    if not (finalizers and since):
        return None
    name = metadata["name"]
    kind = collection.rpartition("/")[2]
    return Stuck(kind, name, f"{collection}/{name}", finalizers, datetime.fromisoformat(since), item)


def _collections(api: KubernetesApi, namespace: str) -> Iterator[str]:
    """The path of every collection of namespaced objects that the cluster knows."""
    groups = (api.call("GET", "/apis") or {}).get("groups") or []
    roots = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]
    for root in roots:
        try:
            known = (api.call("GET", root, missing=True) or {}).get("resources") or []
        except KubernetesError:
            continue  # an aggregated API whose own server is gone holds nothing that could be freed
        for resource in known:
            if resource["namespaced"] and {"list", "patch"} <= set(resource["verbs"]):
                yield f"{root}/namespaces/{namespace}/{resource['name']}"
