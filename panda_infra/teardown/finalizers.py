"""Objects that cannot be deleted because the controller of their finalizer is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.objects import listing

__all__ = ["Stuck", "free", "stuck_in"]


@dataclass(frozen=True)
class Stuck:
    """An object that is being deleted ``since`` then, and the finalizers that it waits for.

    ``item`` is the object from the API.
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
        for item in listing(api, collection).items  # a user who may not list an object cannot free it
        if (found := _stuck(item, collection))
    ]


def free(api: KubernetesApi, stuck: Stuck) -> None:
    """Remove all finalizers of an object, which deletes it at once, without the clean-up that they stand for."""
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
    """The path of every collection of namespaced objects in the cluster."""
    groups = (api.call("GET", "/apis") or {}).get("groups") or []
    roots = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]
    for root in roots:
        try:
            known = (api.call("GET", root, missing=True) or {}).get("resources") or []
        except KubernetesError:
            continue  # the objects of an aggregated API whose server is gone cannot be freed
        for resource in known:
            if resource["namespaced"] and {"list", "patch"} <= set(resource["verbs"]):
                yield f"{root}/namespaces/{namespace}/{resource['name']}"
