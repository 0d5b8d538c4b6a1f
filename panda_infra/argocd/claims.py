"""Keep the claims of an Application that Argo CD would prune or delete.

Charts have no value for Argo CD's marks, and Argo CD offers no step that edits a rendered manifest. It reads the marks
from the object in the cluster, so the program writes them there; a sync leaves annotations alone that are not in the
manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from panda_infra.argocd.status import claims_of
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.plan.argocd_names import UNDELETED

__all__ = ["destination_of", "mark_claims"]

_INSTANCE = "app.kubernetes.io/instance"
_HELM = "helm.sh/resource-policy"  # Argo CD heeds this mark of Helm's too
_UNMARKED: Mapping[str, None] = dict.fromkeys((*UNDELETED, _HELM))

Object = Mapping[str, Any]


def mark_claims(api: KubernetesApi, application: Object, *, keep: bool) -> list[str]:
    """Mark the claims with data of an Application to be kept, or take the marks away.

    Those that StatefulSets have made count too: where Argo CD tracks by labels, it takes them for the Application's.

    Returns:
        the names of the claims that changed.

    Raises:
        KubernetesError: the cluster cannot be asked, or refuses.
    """
    namespace, release = destination_of(application)
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    changed = []
    for claim in _claims(api, path, release, claims_of(application)):
        notes = claim["metadata"].get("annotations") or {}
        wanted = UNDELETED if keep and not _is_read_only(claim) else _UNMARKED
        if any(notes.get(key) != value for key, value in wanted.items()):
            name = claim["metadata"]["name"]
            api.call("PATCH", f"{path}/{name}", body={"metadata": {"annotations": wanted}}, missing=True)
            changed.append(name)
    return changed


def destination_of(application: Object) -> tuple[str, str]:
    """The namespace and the release that an Application deploys."""
    spec = application["spec"]
    helm = (spec.get("source") or {}).get("helm") or {}
    release = helm.get("releaseName") or application["metadata"]["name"]
    return (spec.get("destination") or {}).get("namespace") or "", release


def _claims(api: KubernetesApi, path: str, release: str, named: Iterable[str]) -> Iterator[Object]:
    listed = api.call("GET", path, missing=True) or {}
    names = frozenset(named)
    for claim in listed.get("items") or ():
        metadata = claim["metadata"]
        if metadata["name"] in names or (metadata.get("labels") or {}).get(_INSTANCE) == release:
            yield claim


def _is_read_only(claim: Object) -> bool:
    """True for a claim without data of its own, such as that of CVMFS."""
    return list(claim["spec"].get("accessModes") or ()) == ["ReadOnlyMany"]
