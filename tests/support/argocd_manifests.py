"""A small install.yaml of Argo CD: an object of each kind that the real one has, and its cluster-wide ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from panda_infra.plan.argocd_names import CLUSTER_WIDE

__all__ = ["install_yaml", "manifests"]

_APIS = {
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
}
_CACHE = {"name": "REDIS_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "argocd-redis", "key": "auth"}}}


def install_yaml(version: str = "2.13.6") -> bytes:
    """The file."""
    return yaml.safe_dump_all(manifests(version)).encode()


def manifests(version: str = "2.13.6") -> list[dict[str, Any]]:
    """Its objects, without the empty documents between them."""
    return [*_outside(), *_inside(version)]


def _outside() -> Iterator[dict[str, Any]]:
    for kind, name in sorted(CLUSTER_WIDE):
        whole: dict[str, Any] = {"apiVersion": _APIS[kind], "kind": kind, "metadata": {"name": name}}
        if kind == "ClusterRoleBinding":
            whole["subjects"] = [{"kind": "ServiceAccount", "name": name, "namespace": "argocd"}]
        yield whole


def _inside(version: str) -> Iterator[dict[str, Any]]:
    for name in ("argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm", "argocd-tls-certs-cm"):
        yield _object("v1", "ConfigMap", name)
    for name in ("argocd-secret", "argocd-notifications-secret"):
        yield _object("v1", "Secret", name)
    yield _object("v1", "ServiceAccount", "argocd-server")
    yield _object("v1", "Service", "argocd-server")
    binding = _object("rbac.authorization.k8s.io/v1", "RoleBinding", "argocd-server")
    yield binding | {"subjects": [{"kind": "ServiceAccount", "name": "argocd-server"}]}
    image = f"quay.io/argoproj/argocd:v{version}"
    yield _workload("Deployment", "argocd-server", {"image": image, "env": [_CACHE]})
    yield _workload("Deployment", "argocd-dex-server", {"image": "dex:v2"})
    yield _workload("StatefulSet", "argocd-application-controller", {"image": image, "env": [_CACHE]})


def _workload(kind: str, name: str, container: dict[str, Any]) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": name, **container}]}}
    return _object("apps/v1", kind, name) | {"spec": {"template": template}}


def _object(api_version: str, kind: str, name: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "labels": labels}}
