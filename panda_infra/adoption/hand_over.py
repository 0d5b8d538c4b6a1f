"""What must change in the cluster before a stack takes over what others deployed: whose an object is, and no more.

Helm takes objects that carry its marks into a release that it installs, and it deletes the Secrets of the secrets
chart together with their release: so objects that Argo CD applied get the marks, and that release's record goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panda_infra.adoption.installation import AdoptionError
from panda_infra.adoption.reading import SECRETS_CHART, recorded
from panda_infra.clients.helm import Helm
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.helm.manifest import Item, items_of
from panda_infra.helm.records import histories
from panda_infra.plan.model import Plan

__all__ = ["Step", "steps"]

_RELEASE, _NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_TRACKED = "argocd.argoproj.io/tracking-id"


@dataclass(frozen=True)
class Step:
    """One change of one object, never of what runs in it: ``body`` is its patch, None to delete it."""

    path: str
    words: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)

    def take(self, api: KubernetesApi) -> None:
        """Make the change; nothing happens when the object has gone.

        Raises:
            KubernetesError: the cluster refuses it.
        """
        api.call("DELETE" if self.body is None else "PATCH", self.path, body=self.body, missing=True)


def steps(api: KubernetesApi, plan: Plan, folders: Mapping[str, Path], helm: Helm) -> list[Step]:
    """Everything that is still to be changed, in an order in which it may be interrupted.

    Args:
        api: of the cluster.
        plan: of the stack that takes over.
        folders: the folder of each of its charts.
        helm: renders them.

    Raises:
        AdoptionError: an object belongs to another release.
        HelmError: Helm refuses a chart.
        KubernetesError: the cluster cannot be asked.
    """
    namespace = plan.config.namespace
    known = histories(api, namespace)
    found: list[Step] = []
    for release in plan.releases:
        if release.name not in known:
            manifest = helm.render(release.name, folders[release.component], namespace, release.values)
            found += _marks(api, manifest, release.name, namespace)
    return [*found, *_records(api, namespace)]


def _marks(api: KubernetesApi, manifest: str, release: str, namespace: str) -> Iterator[Step]:
    paths = _Paths(api, namespace)
    for item in items_of(manifest):
        path = paths.of(item)
        live = api.call("GET", path, missing=True) if path else None
        if live is None:
            continue
        metadata = live["metadata"]
        annotations: Mapping[str, str] = metadata.get("annotations") or {}
        owner = annotations.get(_RELEASE, release), annotations.get(_NAMESPACE, namespace)
        if owner != (release, namespace):
            raise AdoptionError(
                f"{item} belongs to release {owner[0]} in namespace {owner[1]}, not to {release}"
            )
        wanted = {_RELEASE: release, _NAMESPACE: namespace}
        label = (metadata.get("labels") or {}).get(_MANAGED_BY)
        if wanted.items() <= annotations.items() and label == "Helm" and _TRACKED not in annotations:
            continue
        body = {
            "metadata": {
                "labels": {_MANAGED_BY: "Helm"},
                "annotations": {**wanted, **({_TRACKED: None} if _TRACKED in annotations else {})},
            }
        }
        yield Step(path, f"{item}: becomes part of Helm's release {release}", body)


def _records(api: KubernetesApi, namespace: str) -> Iterator[Step]:
    """Of the release of the secrets chart, the oldest first: its Secrets stay."""
    histories_of = histories(api, namespace)
    for content in recorded(api, namespace, [SECRETS_CHART]):
        for record in histories_of[content["name"]]:
            words = f"Helm's record {record.revision} of release {record.release}: goes, its Secrets stay"
            yield Step(record.path, words)


class _Paths:
    """Where objects are in the API, by what the API itself says of its kinds."""

    def __init__(self, api: KubernetesApi, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def of(self, item: Item) -> str:
        """The path of an object of a manifest; empty where the cluster has no such kind."""
        version = item.api_version
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        plural, namespaced = self._known(root).get(item.kind, ("", False))
        where = f"/namespaces/{item.namespace or self._namespace}" if namespaced else ""
        return f"{root}{where}/{plural}/{item.name}" if plural else ""

    def _known(self, root: str) -> dict[str, tuple[str, bool]]:
        if root not in self._kinds:
            listed = (self._api.call("GET", root, missing=True) or {}).get("resources") or ()
            self._kinds[root] = {
                each["kind"]: (each["name"], each["namespaced"]) for each in listed if "/" not in each["name"]
            }
        return self._kinds[root]
