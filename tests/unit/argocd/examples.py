"""An Application as a cluster with Argo CD has it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.support.kubernetes import MARKED

__all__ = ["PATH", "SOURCE", "application", "resource"]

PATH = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/panda"
SOURCE = {
    "repoURL": "ghcr.io/charts",
    "chart": "panda",
    "targetRevision": "0.1.1",
    "helm": {"releaseName": "panda", "valuesObject": {"server": {"enabled": True}}},
}
_DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "panda"}


def resource(kind: str, name: str, **status: Any) -> dict[str, Any]:
    """A resource in an Application's status."""
    group = {"StatefulSet": "apps"}.get(kind, "")
    return {
        "group": group,
        "version": "v1",
        "kind": kind,
        "namespace": "panda",
        "name": name,
        "status": "Synced",
        **status,
    }


def application(
    *,
    sync: str = "Synced",
    health: str = "Healthy",
    operation: dict[str, Any] | None = None,
    resources: list[dict[str, Any]] | None = None,
    annotations: dict[str, str] | None = None,
    conditions: list[dict[str, str]] | None = None,
    compared: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One that is compared with its newest settings, by default synced and healthy."""
    return deepcopy(
        {
            "metadata": {
                "name": "panda",
                "namespace": "argocd",
                "annotations": {**MARKED, **(annotations or {})},
                "labels": {"panda-infra/stack": "test"},
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            },
            "spec": {
                "source": SOURCE,
                "destination": _DESTINATION,
                "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["A=true"]},
            },
            "status": {
                "sync": {
                    "status": sync,
                    "revision": "0.1.1",
                    "comparedTo": {"source": compared or SOURCE, "destination": _DESTINATION},
                },
                "health": {"status": health},
                "operationState": operation or {"phase": "Succeeded", "startedAt": "2026-01-01T00:00:00Z"},
                "resources": resources or [],
                "conditions": conditions or [],
            },
        }
    )
