"""Read the objects that a plan would meet in its cluster: by parallel listings of metadata, before any change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.helm.records import DEPLOYED
from panda_infra.live.met import Met, met
from panda_infra.plan.footprint import Outside, outside, plural
from panda_infra.plan.model import Plan
from panda_infra.plan.network.policies import policies
from panda_infra.plan.ownership import RELEASES, lease_name
from panda_infra.plan.pod_identities import accounts

__all__ = ["Target", "look"]

_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
_ALWAYS = {"Secret": "/api/v1", "PersistentVolumeClaim": "/api/v1"}
# Further kinds of others' objects under the plan's names, at which Helm would fail half way.
_AMONG_OTHERS = {
    "ConfigMap": "/api/v1",
    "Service": "/api/v1",
    "Deployment": "/apis/apps/v1",
    "StatefulSet": "/apis/apps/v1",
}
_POLICIES = {"NetworkPolicy": "/apis/networking.k8s.io/v1"}
_ACCOUNTS = {"ServiceAccount": "/api/v1"}


@dataclass(frozen=True)
class Target:
    """The namespace, its content, and cluster-wide objects under the plan's names.

    Args:
        namespace: None if it is missing.
        inside: every object of the kinds that were listed, without Helm's records.
        releases: the field managers that wrote the records of each Helm release.
        deployed: those of the releases that were completely deployed.
        lease: the stack's Lease, read only in a namespace of others.
        noted: the releases that this Lease lists as the stack's.
        outside: the planned cluster-wide objects that exist already.
        unseen: the planned cluster-wide objects that the user may not read.
    """

    namespace: Met | None = None
    inside: tuple[Met, ...] = ()
    releases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    deployed: frozenset[str] = frozenset()
    lease: Met | None = None
    noted: frozenset[str] = frozenset()
    outside: tuple[tuple[Outside, Met], ...] = ()
    unseen: tuple[Outside, ...] = ()

    def of_kind(self, kind: str) -> list[str]:
        """The sorted names of the objects of a kind in the namespace."""
        return sorted(found.name for found in self.inside if found.kind == kind)


def look(plan: Plan, api: KubernetesApi) -> Target:
    """Read everything that a plan could meet, in parallel.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    inside = f"namespaces/{plan.config.namespace}"
    kinds = _ALWAYS | (_AMONG_OTHERS if plan.config.adopts_namespace else {})
    if plan.config.adopts_namespace and policies(plan):
        kinds |= _POLICIES
    if plan.config.adopts_namespace and accounts(plan):
        kinds |= _ACCOUNTS
    planned = list(outside(plan))
    with ThreadPoolExecutor(max_workers=len(kinds) + 3) as beside:
        namespace = beside.submit(_one, api, f"/api/v1/{inside}")
        lists = {
            kind: beside.submit(_all, api, f"{root}/{inside}/{plural(kind)}") for kind, root in kinds.items()
        }
        lease = beside.submit(_if_allowed, api, _lease(plan)) if plan.config.adopts_namespace else None
        objects = [(each, beside.submit(_if_allowed, api, each.path)) for each in planned]
    found = namespace.result()
    held = lease.result().item if lease else None
    records, rest = _apart(lists["Secret"].result())
    return Target(
        namespace=met("Namespace", found) if found else None,
        inside=tuple(
            met(kind, item)
            for kind, listed in lists.items()
            for item in (rest if kind == "Secret" else listed.result())
        ),
        releases=_releases(records),
        deployed=frozenset(_name(item) for item in records if _labels(item).get("status") == DEPLOYED),
        lease=met("Lease", held) if held else None,
        noted=_noted(held),
        outside=tuple((each, met(each.kind, item)) for each, one in objects if (item := one.result().item)),
        unseen=tuple(each for each, one in objects if one.result().refused),
    )


def _one(api: KubernetesApi, path: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = api.call("GET", path, missing=True, accept=_METADATA.format(""))
    return found


def _lease(plan: Plan) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{plan.config.namespace}/leases/{lease_name(plan.stack)}"


@dataclass(frozen=True)
class _Look:
    item: Mapping[str, Any] | None = None
    refused: bool = False


def _if_allowed(api: KubernetesApi, path: str) -> _Look:
    """Read an object; a user of a single namespace who may not read it cannot have made it and cannot make it."""
    try:
        return _Look(_one(api, path))
    except KubernetesNotAllowedError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        return _Look(refused=True)


def _all(api: KubernetesApi, path: str) -> list[Mapping[str, Any]]:
    found = api.call("GET", path, missing=True, accept=_METADATA.format("List"))
    return list((found or {}).get("items") or ())


def _apart(
    secrets: Iterable[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Separate Helm's records from the other Secrets."""
    records: list[Mapping[str, Any]] = []
    rest: list[Mapping[str, Any]] = []
    for item in secrets:
        labels = _labels(item)
        (records if labels.get("owner") == "helm" and labels.get("name") else rest).append(item)
    return records, rest


def _releases(records: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for item in records:
        name = _name(item)
        found[name] = found.get(name, frozenset()) | frozenset(met("Secret", item).managers)
    return found


def _labels(item: Mapping[str, Any]) -> Mapping[str, str]:
    return item["metadata"].get("labels") or {}


def _name(record: Mapping[str, Any]) -> str:
    """The name of the release of a record."""
    return _labels(record)["name"]


def _noted(lease: Mapping[str, Any] | None) -> frozenset[str]:
    notes = (lease or {}).get("metadata", {}).get("annotations") or {}
    return frozenset(filter(None, notes.get(RELEASES, "").split(",")))
