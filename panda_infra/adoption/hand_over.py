"""Changes the owner of objects in the cluster, and nothing else, before a stack takes them over.

Helm adopts objects that carry its marks into a release that it installs, so objects that Argo CD applied get the
marks. Helm would delete the Secrets together with the release of the secrets chart, so that release's record goes.
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
from panda_infra.clients.kubernetes.paths import ObjectPaths
from panda_infra.helm.manifest import items_of
from panda_infra.helm.records import histories
from panda_infra.plan.model import Plan

__all__ = ["Step", "steps"]

_RELEASE, _NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_TRACKED = "argocd.argoproj.io/tracking-id"


@dataclass(frozen=True)
class Step:
    """One change of one object's metadata: ``body`` is its patch, None to delete it."""

    path: str
    words: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)

    def take(self, api: KubernetesApi) -> None:
        """Make the change; do nothing if the object is gone.

        Raises:
            KubernetesError: the cluster refuses it.
        """
        api.call("DELETE" if self.body is None else "PATCH", self.path, body=self.body, missing=True)


def steps(api: KubernetesApi, plan: Plan, folders: Mapping[str, Path], helm: Helm) -> list[Step]:
    """All changes that are left to make, in an order that is safe to interrupt.

    Args:
        api: the cluster's API.
        plan: the plan of the stack that takes over.
        folders: the folder of each of its charts.
        helm: renders them.

    Raises:
        AdoptionError: an object belongs to another release.
        HelmError: Helm refuses a chart.
        KubernetesError: a request to the cluster fails.
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
    paths = ObjectPaths(api, namespace)
    for item in items_of(manifest):
        path = paths.of(item.api_version, item.kind, item.name, item.namespace)
        live = api.call("GET", path, missing=True) if path else None
        if path is None or live is None:
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
    """Delete the records of the secrets chart's release, the oldest first; its Secrets stay."""
    histories_of = histories(api, namespace)
    for content in recorded(api, namespace, [SECRETS_CHART]):
        for record in histories_of[content["name"]]:
            words = f"Helm's record {record.revision} of release {record.release}: goes, its Secrets stay"
            yield Step(record.path, words)
