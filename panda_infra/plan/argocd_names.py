"""The names of what an Argo CD brings along, whatever stack installs it."""

from __future__ import annotations

__all__ = ["CLUSTER_WIDE", "DEFINITIONS", "READER", "TLS_SECRET"]

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
