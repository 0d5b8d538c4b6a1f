"""The rights of the owner of a developer's namespace in it, as rules of a Role.

Everything is named one by one: with a wildcard, the owner could also change the namespace itself, whose labels limit
its pods, its quota, its network policies and its Roles, and impersonate others. A Role holds in its namespace alone.
"""

from __future__ import annotations

from typing import Any

__all__ = ["rules"]

_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete", "deletecollection")
_RBAC = "rbac.authorization.k8s.io"

# Endpoints could lead the ingress controller to pods of other namespaces.
_OWN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "",
        (
            "configmaps",
            "events",
            "persistentvolumeclaims",
            "pods",
            "pods/ephemeralcontainers",
            "pods/resize",
            "podtemplates",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "secrets",
            "serviceaccounts",
            "services",
        ),
    ),
    (
        "apps",
        (
            "controllerrevisions",
            "daemonsets",
            "deployments",
            "deployments/scale",
            "replicasets",
            "replicasets/scale",
            "statefulsets",
            "statefulsets/scale",
        ),
    ),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("batch", ("cronjobs", "jobs")),
    ("coordination.k8s.io", ("leases",)),
    ("events.k8s.io", ("events",)),
    ("networking.k8s.io", ("ingresses",)),
    ("policy", ("poddisruptionbudgets",)),
)
# These actions have verbs of their own.
_ACTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy")),
)
_CREATED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("pods/eviction", "serviceaccounts/token")),
    ("authorization.k8s.io", ("localsubjectaccessreviews",)),
)
# These objects keep the namespace apart, or only the cluster writes them.
_SEEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "",
        (
            "endpoints",
            "limitranges",
            "namespaces",
            "persistentvolumeclaims/status",
            "pods/log",
            "pods/status",
            "replicationcontrollers/status",
            "resourcequotas",
            "resourcequotas/status",
            "services/status",
        ),
    ),
    ("apps", ("daemonsets/status", "deployments/status", "replicasets/status", "statefulsets/status")),
    ("autoscaling", ("horizontalpodautoscalers/status",)),
    ("batch", ("cronjobs/status", "jobs/status")),
    ("discovery.k8s.io", ("endpointslices",)),
    ("networking.k8s.io", ("ingresses/status", "networkpolicies")),
    ("policy", ("poddisruptionbudgets/status",)),
    (_RBAC, ("rolebindings", "roles")),
)


def rules(account: str) -> list[dict[str, Any]]:
    """The rules, in a fixed order; ``account`` is a service account with the same rights, which installs charts."""
    impersonated = {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]}
    return [
        *_rules(_OWN, (*_READ, *_WRITE)),
        *_rules(_ACTIONS, (*_READ, *_WRITE)),
        *_rules(_CREATED, ("create",)),
        *_rules(_SEEN, _READ),
        impersonated | {"resourceNames": [account]},
    ]


def _rules(
    resources: tuple[tuple[str, tuple[str, ...]], ...], verbs: tuple[str, ...]
) -> list[dict[str, Any]]:
    return [
        {"apiGroups": [group], "resources": list(names), "verbs": list(verbs)} for group, names in resources
    ]
