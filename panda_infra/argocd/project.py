"""The AppProject of a stack: the limits of what its Applications may read and write."""

from __future__ import annotations

from typing import Any

from panda_infra.argocd.sources import repository
from panda_infra.plan.argocd_names import OURS
from panda_infra.plan.footprint import outside
from panda_infra.plan.model import Plan
from panda_infra.plan.ownership import lease_name
from panda_infra.products.registry import COMPONENTS

__all__ = ["CLUSTER", "app_project", "project_name"]

CLUSTER = "https://kubernetes.default.svc"
"""Argo CD's name for the cluster that it runs in."""

# The kinds of objects that charts consist of. Pods are among them because Argo CD hides kinds that its project does not
# list, and the Image Updater replaces only images that Argo CD sees. Secrets come from the encrypted stack file.
_KINDS = (
    ("", "ConfigMap"),
    ("", "PersistentVolumeClaim"),
    ("", "Pod"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("gateway.envoyproxy.io", "ClientTrafficPolicy"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("networking.k8s.io", "Ingress"),
    ("route.openshift.io", "Route"),
)
_SECRET = ("", "Secret")  # of charts that keep their configuration in Secrets
_VOLUME = "PersistentVolume"  # static ones, beside claims
_RBAC = "rbac.authorization.k8s.io"


def project_name(plan: Plan) -> str:
    """Name of a stack's AppProject."""
    return lease_name(plan.stack)


def app_project(plan: Plan, namespace: str) -> dict[str, Any]:
    """The AppProject of a stack, in Argo CD's ``namespace``.

    Objects outside of the stack's namespace are allowed only of the kinds that this stack needs.
    """
    kinds = sorted({_VOLUME, *(each.kind for each in outside(plan) if each.release)})
    if plan.config.developer is not None:
        kinds = []  # a volume that a branch makes could hold the files of a node
    delivered = [COMPONENTS[each.component] for each in plan.releases if each.argocd]
    inside = [*_KINDS, *([_SECRET] if any(spec.has_secrets for spec in delivered) else [])]
    whole = [{"group": "" if kind == _VOLUME else _RBAC, "kind": kind} for kind in kinds]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": project_name(plan),
            "namespace": namespace,
            "labels": OURS,
            "annotations": plan.owner.mark,
        },
        "spec": {
            "description": f"Stack {plan.stack} of {plan.owner.project}: changed by its stack file, not by hand",
            "sourceRepos": [repository(plan.config)],
            "destinations": [{"server": CLUSTER, "namespace": plan.config.namespace}],
            "clusterResourceWhitelist": whole,
            "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in inside],
        },
    }
