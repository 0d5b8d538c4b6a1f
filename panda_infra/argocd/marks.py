"""Marks by which Argo CD leaves an object alone."""

from __future__ import annotations

__all__ = ["OURS", "TRACKING", "UNDELETED"]

TRACKING = "argocd.argoproj.io/tracking-id"
"""The annotation by which Argo CD knows what an Application has deployed."""

UNDELETED = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
}
"""Annotations of an object that outlives its chart and its Application, and is no difference between them."""

OURS = {"app.kubernetes.io/managed-by": "panda-infra"}
"""The label of what the program itself makes."""
