"""The names by which Argo CD's objects are known: what it brings along, its API, and marks of it and of the program."""

from __future__ import annotations

__all__ = [
    "API_VERSION",
    "CLUSTER_WIDE",
    "COMPONENT",
    "DEFINITIONS",
    "FINALIZER",
    "OURS",
    "READER",
    "STACK",
    "TLS_SECRET",
    "TRACKING",
    "UNDELETED",
]

READER = "reader"
"""The local account that may only read."""
TLS_SECRET = "argocd-tls"  # noqa: S105 - a name
"""The Secret of the Ingress."""
DEFINITIONS = tuple(f"{plural}.argoproj.io" for plural in ("applications", "applicationsets", "appprojects"))
"""The names of Argo CD's CRDs."""
_ROLES = tuple(f"argocd-{part}" for part in ("application-controller", "applicationset-controller", "server"))
CLUSTER_WIDE = frozenset(
    {("CustomResourceDefinition", name) for name in DEFINITIONS}
    | {(kind, name) for kind in ("ClusterRole", "ClusterRoleBinding") for name in _ROLES}
)
"""Kind and name of each object that Argo CD has outside of its namespace: a cluster can have one Argo CD."""

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
"""Annotations of an object that outlives its chart and its Application, and that Argo CD ignores in comparisons."""

OURS = {"app.kubernetes.io/managed-by": "panda-infra"}
"""The label of what the program itself makes."""
