"""Leaves to others what is theirs: the number of pods that an autoscaler sets, the image's tag that an updater sets.

Helm puts back whatever its new manifest says otherwise than the cluster, also where nobody changed the chart's values.
So a release is upgraded with the values that the cluster has, wherever its own say that somebody else owns them.
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
"""The kinds of workloads, and what the API calls many of them."""


@dataclass(frozen=True)
class Found:
    """What the cluster has of a sub-chart's values that others own; None is what it does not have, or the program's."""

    sub_chart: str
    replicas: int | None = None
    repository: str | None = None
    tag: str | None = None


def found(api: KubernetesApi, namespace: str, manifest: str, owned: Owned) -> Iterator[Found]:
    """What others have set in the workloads of a manifest.

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
    """The content of an object in a manifest, with what others own as the live object has it."""
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
    """How many pods a workload should have."""
    _, theirs = _owned(item, owned)
    specification = live if REPLICA_COUNT in theirs and live else item.content
    replicas = (specification.get("spec") or {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def base(image: str) -> str:
    """An image's registry and name, without tag and digest."""
    name = image.partition("@")[0]
    return name.rpartition(":")[0] if ":" in _last(name) else name


def _owned(item: Item, owned: Owned) -> tuple[str, frozenset[str]]:
    """The sub-chart of a workload, which has its main container named after it, and what of it others own."""
    if item.kind in WORKLOADS:
        for sub, theirs in owned.items():
            if _container(item.content, sub):
                return sub, theirs
    return "", frozenset()


def _container(workload: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    containers = workload["spec"]["template"]["spec"].get("containers") or ()
    return next((one for one in containers if one["name"] == name), None)


def _last(image: str) -> str:
    """The part in which a colon begins a tag, and no port."""
    return image.rpartition("/")[2]
