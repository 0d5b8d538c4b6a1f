"""A Kubernetes API in memory, at the seam where the program asks it, and objects as a cluster gives them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from panda_infra.clients.kubernetes.client import APPLY, JSON, KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotFoundError
from panda_infra.helm.records import encode
from panda_infra.plan.ownership import MARK

__all__ = ["MARKED", "Call", "FakeApi", "made", "record"]

MARKED = {MARK: "panda-infra/test/0123456789abcdef"}
_START = "2026-01-01T00:00:00Z"
# Every cluster has these; a collection of another group exists when there is something in it.
_BUILT_IN = (
    "apps",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
)


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Sequence[tuple[str, str]] = ()
    accept: str = JSON


@dataclass
class FakeApi(KubernetesApi):
    """Objects by their paths; a collection is what lies below its path, or an object with ``items``.

    Changes are made as an API server makes them, dry runs change nothing. ``failures`` are raised at their paths, or
    at a method and a path. ``silent`` is how often nothing answers at all.
    """

    objects: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, KubernetesError] = field(default_factory=dict)
    silent: int = 0
    calls: list[Call] = field(default_factory=list)
    _serial: itertools.count[int] = field(default_factory=itertools.count)

    def add(self, collection: str, *objects: Mapping[str, Any]) -> None:
        """Put objects into a collection."""
        for each in objects:
            name = each["metadata"].get("name") or f"unnamed-{next(self._serial)}"
            self.objects[f"{collection}/{name}"] = dict(each)

    def within(self, collection: str) -> list[Any]:
        """The objects of a collection."""
        return [each for path, each in self.objects.items() if path.rpartition("/")[0] == collection]

    @property
    def patched(self) -> list[tuple[str, Any]]:
        """The patches so far: path and body."""
        return [(call.path, call.body) for call in self.calls if call.method == "PATCH"]

    @property
    def deleted(self) -> list[str]:
        """The paths of deletions so far."""
        return [call.path for call in self.calls if call.method == "DELETE"]

    @override
    def answers(self) -> bool:
        self.silent -= 1
        return self.silent < 0

    @override
    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Sequence[tuple[str, str]] = (),
        missing: bool = False,
        accept: str = JSON,
    ) -> Any:
        self.calls.append(Call(method, path, deepcopy(body), tuple(query), accept))
        for key in (path, f"{method} {path}"):
            if key in self.failures:
                raise self.failures[key]
        stored = ("dryRun", "All") not in query
        if method == "POST":
            return self._created(path, body or {}, stored=stored)
        found = self._found(path, dict(query)) if method == "GET" else self.objects.get(path)
        if found is None:
            if missing:
                return None
            raise KubernetesNotFoundError(f"{method} {path}: 404", status=404)
        if method in ("PATCH", APPLY):
            version = str(int(found["metadata"].get("resourceVersion") or 0) + 1)
            found = _merged(_merged(found, body), {"metadata": {"resourceVersion": version}})
            self.objects |= {path: found} if stored else {}
        elif method == "DELETE":
            del self.objects[path]
        return _metadata_of(found) if "PartialObjectMetadata" in accept else deepcopy(found)

    def _created(self, path: str, body: Mapping[str, Any], *, stored: bool) -> Any:
        made = _merged({"metadata": {"resourceVersion": "1"}}, body)
        if stored:
            self.add(path, made)
        return deepcopy(made)

    def _found(self, path: str, query: Mapping[str, str]) -> Any:
        found = self.objects.get(path)
        if found is None:
            items = self.within(path)
            return {"items": _selected(items, query)} if items or _is_built_in(path) else None
        if isinstance(found, dict) and "items" in found:
            return {**found, "items": _selected(found["items"] or [], query)}
        return found


def made(
    name: str,
    *,
    namespace: str = "panda",
    by: str = "kubectl-create",
    release: str = "",
    of: str = "panda",
    notes: dict[str, str] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """An object with nothing but metadata: of a field manager, and of a Helm release ``of`` a namespace, if any."""
    helm = {"meta.helm.sh/release-namespace": of, "meta.helm.sh/release-name": release} if release else {}
    return {
        "metadata": {
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            "uid": f"uid-of-{name}",
            "annotations": {**helm, **(notes or {})},
            "managedFields": [{"manager": by}],
            **metadata,
        }
    }


def record(
    release: str,
    revision: int = 1,
    status: str = "deployed",
    manifest: str = "",
    *,
    by: str = "helm",
    written: str = _START,
) -> dict[str, Any]:
    """The Secret in which Helm keeps a revision of a release."""
    found = made(
        f"sh.helm.release.v1.{release}.v{revision}",
        creationTimestamp=_START,
        managedFields=[{"manager": by, "time": written}],
        labels={"owner": "helm", "name": release, "version": str(revision), "status": status},
    )
    content = {"info": {"status": status}, "manifest": manifest, "version": revision}
    return found | {"data": {"release": encode(content)}}


def _metadata_of(found: Mapping[str, Any]) -> dict[str, Any]:
    if "items" in found:
        return {"items": [_metadata_of(each) for each in found["items"]]}
    return {"metadata": deepcopy(found["metadata"])}


def _merged(old: Any, change: Any) -> Any:
    """A JSON merge patch: null removes."""
    if not isinstance(change, Mapping):
        return change
    merged = dict(old) if isinstance(old, Mapping) else {}
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def _selected(items: Sequence[Any], query: Mapping[str, str]) -> list[Any]:
    wanted = [one.partition("=") for one in filter(None, query.get("labelSelector", "").split(","))]
    return [
        each
        for each in items
        if all(
            _label(each, name) == value if equals else _label(each, name) is not None
            for name, equals, value in wanted
        )
    ]


def _label(item: Mapping[str, Any], name: str) -> Any:
    return (item["metadata"].get("labels") or {}).get(name)


def _is_built_in(path: str) -> bool:
    """Whether a path is that of a collection that every cluster has."""
    root, *rest = path.strip("/").split("/")
    if root == "apis":
        if rest[0] not in _BUILT_IN:
            return False
        rest = rest[1:]
    inside = rest[1:]
    if inside[:1] == ["namespaces"] and len(inside) > 2:
        inside = inside[2:]
    return len(inside) == 1
