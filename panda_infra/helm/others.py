"""Keep the values that others own: an autoscaler's number of pods, an updater's image tag.

Helm overwrites every difference between the cluster and its new manifest, even if no chart value has changed. So an
upgrade uses the cluster's values for those that the release's values leave to others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.helm.manifest import Item, items_of
from panda_infra.plan.values.owners import IMAGE_TAG, REPLICA_COUNT, Owned

__all__ = ["WORKLOADS", "Found", "as_found", "base", "found", "replicas_of"]

WORKLOADS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
"""The kinds of workloads, and their plurals in the API."""


@dataclass(frozen=True)
class Found:
    """The cluster's values that others own in a sub-chart; None if missing, or owned by the program."""

    sub_chart: str
    replicas: int | None = None
    repository: str | None = None
    tag: str | None = None


def found(api: KubernetesApi, namespace: str, manifest: str, owned: Owned) -> Iterator[Found]:
    """The values that others have set in the workloads of a manifest.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    for item in items_of(manifest):
        sub, theirs = _owned(item, owned)
        if not theirs:
            continue
        path = f"/apis/apps/v1/namespaces/{namespace}/{WORKLOADS[item.kind]}/{item.name}"
        live = api.call("GET", path, missing=True)
        if live is None:
            continue
        repository, tag = None, None
        if IMAGE_TAG in theirs and (one := _container(live, sub)) and ":" in _last(one["image"]):
            repository, _, tag = one["image"].rpartition(":")
        yield Found(sub, live["spec"].get("replicas") if REPLICA_COUNT in theirs else None, repository, tag)


def as_found(item: Item, live: Mapping[str, Any], owned: Owned) -> Mapping[str, Any]:
    """The content of an object in a manifest, with the live values of the fields that others own."""
    sub, theirs = _owned(item, owned)
    if not theirs:
        return item.content
    content: dict[str, Any] = deepcopy(dict(item.content))
    if REPLICA_COUNT in theirs:
        content["spec"]["replicas"] = live["spec"].get("replicas")
    wanted, one = _container(content, sub), _container(live, sub)
    if IMAGE_TAG in theirs and wanted and one and base(wanted["image"]) == base(one["image"]):
        wanted["image"] = one["image"]
    return content


def replicas_of(item: Item, live: Mapping[str, Any], owned: Owned) -> int:
    """The number of pods that a workload should have."""
    _, theirs = _owned(item, owned)
    specification = live if REPLICA_COUNT in theirs and live else item.content
    replicas = (specification.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def base(image: str) -> str:
    """An image's registry and name, without tag and digest."""
    name = image.partition("@")[0]
    return name.rpartition(":")[0] if ":" in _last(name) else name


def _owned(item: Item, owned: Owned) -> tuple[str, frozenset[str]]:
    """The sub-chart of a workload, after which its main container is named, and its values that others own."""
    if item.kind in WORKLOADS:
        for sub, theirs in owned.items():
            if _container(item.content, sub):
                return sub, theirs
    return "", frozenset()


def _container(workload: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    containers = workload["spec"]["template"]["spec"].get("containers") or ()
    return next((one for one in containers if one["name"] == name), None)


def _last(image: str) -> str:
    """The last part of an image's name, in which a colon begins a tag and not a port."""
    return image.rpartition("/")[2]
