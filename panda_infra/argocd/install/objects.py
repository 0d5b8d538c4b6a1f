"""Every object of Argo CD, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from panda_infra.argocd.install.accounts import CACHE_SECRET
from panda_infra.argocd.install.manifests import CRD, SERVER, Manifest, is_cluster_wide
from panda_infra.argocd.install.settings import config_maps, ingress
from panda_infra.plan.argocd import installed_argocd
from panda_infra.plan.model import Plan
from panda_infra.secrets.rolling import ANNOTATION
from panda_infra.tree import merged

__all__ = ["Installation", "Read", "installation"]

_WORKLOADS = ("Deployment", "StatefulSet")
_SERVICE = "Service"
# The program makes these itself, because Argo CD would fill them in.
_OWN = ("Secret", "argocd-secret")


class Read(NamedTuple):
    """Hashes of what pods read at their start: ``by_all`` the cache's password, ``by_server`` its settings too.

    The server notices changed settings, but until its pod ends it also answers with the former ones: it begins anew
    inside of its process without closing what listened before.
    """

    by_all: str
    by_server: str


@dataclass(frozen=True)
class Installation:
    """The objects without secrets, in the order in which they are made.

    ``definitions`` are the CRDs, ``settings`` what pods need before they start, ``workloads`` all that runs and leads
    to it.
    """

    definitions: tuple[Manifest, ...]
    namespace: Manifest
    settings: tuple[Manifest, ...]
    workloads: tuple[Manifest, ...]


def installation(plan: Plan, manifests: Sequence[Manifest], read: Read) -> Installation:
    """Argo CD of a plan that installs one; ``read`` is what its pods read at their start."""
    argocd = installed_argocd(plan.config)
    assert argocd is not None  # noqa: S101 - the plan has one
    assert plan.argocd is not None  # noqa: S101 - likewise
    data = config_maps(plan.argocd, argocd)
    whole = [
        _with_settings(each, data, read)
        for each in manifests
        if (each["kind"], each["metadata"]["name"]) != _OWN
    ]
    if plan.argocd.host:
        whole.append(ingress(plan.argocd.host, plan.config.exposure))
    marked = [_placed(each, plan.argocd.namespace, plan.owner.mark) for each in whole]
    labels = {"app.kubernetes.io/managed-by": "panda-infra", "app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": plan.argocd.namespace, "labels": labels, "annotations": plan.owner.mark}
    running = (*_WORKLOADS, _SERVICE, "Ingress")
    return Installation(
        definitions=tuple(_of(marked, lambda kind: kind == CRD)),
        namespace={"apiVersion": "v1", "kind": "Namespace", "metadata": metadata},
        settings=tuple(_of(marked, lambda kind: kind != CRD and kind not in running)),
        workloads=tuple(_of(marked, lambda kind: kind in running)),
    )


def _of(manifests: Iterable[Manifest], wanted: Any) -> Iterator[Manifest]:
    return (each for each in manifests if wanted(each["kind"]))


def _with_settings(manifest: Manifest, data: Mapping[str, Mapping[str, str]], read: Read) -> Manifest:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    if kind == "ConfigMap" and name in data:
        return {**manifest, "data": {**(manifest.get("data") or {}), **data[name]}}
    if kind in _WORKLOADS and _reads(manifest["spec"]["template"]["spec"], CACHE_SECRET):
        digest = read.by_server if name == SERVER else read.by_all
        annotations = {"metadata": {"annotations": {ANNOTATION: digest}}}
        return merged(manifest, {"spec": {"template": annotations}})
    return manifest


def _reads(pod: Mapping[str, Any], secret: str) -> bool:
    return any(
        (variable.get("valueFrom") or {}).get("secretKeyRef", {}).get("name") == secret
        for container in pod["containers"]
        for variable in container.get("env") or ()
    )


def _placed(manifest: Manifest, namespace: str, mark: Mapping[str, str]) -> Manifest:
    """The object with its owner's mark, in its namespace; bindings lead to accounts in that namespace."""
    metadata = {**manifest["metadata"]}
    if not is_cluster_wide(manifest):
        metadata["namespace"] = namespace
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        **_not_awaited(manifest["kind"]),
        **mark,
    }
    placed = {**manifest, "metadata": metadata}
    if "subjects" in manifest:
        placed["subjects"] = [
            {**subject, "namespace": namespace} if "namespace" in subject else subject
            for subject in manifest["subjects"]
        ]
    return placed


def _not_awaited(kind: str) -> dict[str, str]:
    """Services and Ingresses are not awaited: not every controller writes that it serves them."""
    return {"pulumi.com/skipAwait": "true"} if kind in (_SERVICE, "Ingress") else {}
