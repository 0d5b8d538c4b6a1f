"""Reads Argo CD's install.yaml, and finds signs that it is not the file that the stack expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from panda_infra.plan.argocd_names import CLUSTER_WIDE

__all__ = ["CRD", "SERVER", "Manifest", "flaws", "is_cluster_wide", "parsed"]

Manifest = dict[str, Any]
"""An object in the API's form."""

CRD = "CustomResourceDefinition"
_CLUSTER_KINDS = (CRD, "ClusterRole", "ClusterRoleBinding")
_NAMESPACED_KINDS = (
    "ConfigMap",
    "Deployment",
    "NetworkPolicy",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
)
SERVER = "argocd-server"
"""The Deployment of the API server, of which every other part has the version."""


def parsed(text: bytes) -> list[Manifest]:
    """The objects of a file.

    Raises:
        ValueError: it is no list of Kubernetes objects.
    """
    try:
        # The file has more than a megabyte, which takes PyYAML's own loader ten seconds.
        documents = [each for each in yaml.load_all(text, yaml.CSafeLoader) if each is not None]
    except yaml.YAMLError:
        raise ValueError("it is no YAML") from None
    if not documents or not all(map(_is_object, documents)):
        raise ValueError("it is no list of Kubernetes objects")
    return documents


def is_cluster_wide(manifest: Manifest) -> bool:
    """True for an object outside of any namespace."""
    return manifest["kind"] in _CLUSTER_KINDS


def flaws(manifests: Sequence[Manifest], version: str) -> Iterator[str]:
    """Signs that these are not the manifests of that version, in words that complete "it ..."."""
    found = {(each["kind"], each["metadata"]["name"]): each for each in manifests}
    server = found.get(("Deployment", SERVER))
    if server is None:
        yield f"has no Deployment {SERVER}"
    elif (tag := _tag(server)) != f"v{version}":
        yield f"is of version {tag.removeprefix('v') or 'unknown'}, not {version}"
    missing = sorted(name for kind, name in CLUSTER_WIDE if (kind, name) not in found)
    if missing:
        yield f"lacks {', '.join(missing)}"
    for kind, name in sorted(found):
        if kind not in (*_CLUSTER_KINDS, *_NAMESPACED_KINDS):
            yield f"has a {kind} {name}, a kind that the program does not expect there"
        elif kind in _CLUSTER_KINDS and (kind, name) not in CLUSTER_WIDE:
            yield f"has a {kind} {name}, which the program does not know"


def _tag(deployment: Manifest) -> str:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    image: str = containers[0].get("image") or ""
    return image.partition("@")[0].rpartition(":")[2]


def _is_object(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("kind"), str)
        and isinstance(document.get("apiVersion"), str)
        and isinstance(document.get("metadata"), dict)
        and isinstance(document["metadata"].get("name"), str)
    )
