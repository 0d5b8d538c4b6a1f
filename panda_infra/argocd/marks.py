"""What Argo CD's objects are recognised by: their API, its finalizer, and marks of it and of the program."""

from __future__ import annotations

__all__ = ["API_VERSION", "COMPONENT", "FINALIZER", "OURS", "STACK", "TRACKING", "UNDELETED"]

API_VERSION = "argoproj.io/v1alpha1"
FINALIZER = "resources-finalizer.argocd.argoproj.io"
"""With it, the deletion of an Application deletes all that it has deployed."""
STACK, COMPONENT = "panda-infra/stack", "panda-infra/component"
"""Labels of an Application."""
TRACKING = "argocd.argoproj.io/tracking-id"
"""The annotation by which Argo CD knows what an Application has deployed."""

UNDELETED = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
}
"""Annotations of an object that outlives its chart and its Application, and is no difference between them."""

OURS = {"app.kubernetes.io/managed-by": "panda-infra"}
"""The label of what the program itself makes."""
