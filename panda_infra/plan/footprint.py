"""The names of the objects that a plan makes, to find conflicts with objects of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from panda_infra.plan.argocd_names import CLUSTER_WIDE
from panda_infra.plan.backup import backup_names
from panda_infra.plan.certificates import secrets_beside
from panda_infra.plan.consumers import existing_secrets
from panda_infra.plan.developer import guard_objects
from panda_infra.plan.mariadb import mariadb_names
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.monitoring.objects import monitoring_names
from panda_infra.plan.network.policies import policies
from panda_infra.plan.node_recovery import NAME as NODE_RECOVERY
from panda_infra.plan.node_recovery import recovers_in_cluster
from panda_infra.plan.pod_identities import accounts, pull_secrets
from panda_infra.plan.postgres import postgres_names
from panda_infra.plan.standby import MARK
from panda_infra.plan.values.volumes import SHARED_LOGS
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "ARGOCD_KEY",
    "Outside",
    "client_authorities",
    "logs_volume",
    "may_be_claim",
    "names_inside",
    "outside",
    "plural",
]

_ROOTS = {
    "PersistentVolume": "/api/v1",
    "Namespace": "/api/v1",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1",
}

ARGOCD_KEY = "argocd"
"""The key that requires every cluster-wide object of Argo CD."""


@dataclass(frozen=True)
class Outside:
    """A cluster-scoped object; ``key`` of the stack file requires it, and ``release``, if any, makes it.

    ``shared`` objects serve the whole cluster, which needs no second one.
    """

    kind: str
    name: str
    key: str
    release: str = ""
    shared: bool = False

    @property
    def path(self) -> str:
        """The object's path in the API."""
        return f"{_ROOTS[self.kind]}/{plural(self.kind)}/{self.name}"


def plural(kind: str) -> str:
    """The word for objects of a kind in the paths of the API."""
    return f"{kind.lower()}s".replace("policys", "policies")


def logs_volume(namespace: str) -> str:
    """Name of the shared claim's static volume, used if the claim names a share."""
    return f"{namespace}-{SHARED_LOGS}"


def outside(plan: Plan) -> Iterator[Outside]:
    """Every cluster-scoped object of the plan whose name an object of another stack could have."""
    if plan.shared_claim and plan.shared_claim.share_id:
        name = logs_volume(plan.config.namespace)
        yield Outside("PersistentVolume", name, "storage.sharedLogs.shareId")
    if recovers_in_cluster(plan):
        for kind in ("ClusterRole", "ClusterRoleBinding"):
            yield Outside(kind, NODE_RECOVERY, "nodeRecovery", shared=True)
    guards = (guard for guard in guard_objects(plan.config) if guard.namespace is None)
    yield from (Outside(guard.kind, guard.name, "developer") for guard in guards)
    for release in plan.releases:
        if (release.values.get("nodeRecovery") or {}).get("enabled"):
            for kind in ("ClusterRole", "ClusterRoleBinding"):
                key = f"components.{release.component}.nodeRecovery"
                yield Outside(kind, f"{release.name}-node-recovery", key, release.name)
        yield from _cvmfs(plan, release)
    if plan.argocd:
        yield Outside("Namespace", plan.argocd.namespace, ARGOCD_KEY, shared=True)
        for kind, name in sorted(CLUSTER_WIDE):
            yield Outside(kind, name, ARGOCD_KEY, shared=True)


def _cvmfs(plan: Plan, release: Release) -> Iterator[Outside]:
    for sub in COMPONENTS[release.component].sub_components:
        mounted = (release.values.get(sub.name) or {}).get("cvmfs") or {}
        for repository in mounted.get("repositories") or ():
            name = f"{plan.names.workload(release.component, sub.name)}-cvmfs-{repository['name']}"
            key = f"components.{release.component}.{sub.name}.cvmfs"
            yield Outside("PersistentVolume", name, key, release.name)


def client_authorities(plan: Plan) -> tuple[str, ...]:
    """The suffixes of the ConfigMaps from which Gateways read the authorities of clients' certificates."""
    if not plan.config.exposure.client_ca:
        return ()
    endpoints = (each for release in plan.releases for each in COMPONENTS[release.component].endpoints)
    return tuple(each.client_authorities for each in endpoints if each.client_authorities)


def names_inside(plan: Plan) -> frozenset[str]:
    """The names of the objects that the plan makes in its namespace, and of its charts' Services and workloads."""
    provided = existing_secrets(plan.config)
    names = {plan.names.secret(suffix) for suffix in plan.secrets if suffix not in provided}
    if plan.shared_claim:
        names.add(plan.shared_claim.name)
    if recovers_in_cluster(plan):
        names.add(NODE_RECOVERY)
    if plan.config.standby:
        names.add(MARK)
    names |= {plan.names.secret(suffix) for suffix in client_authorities(plan)}
    names |= {policy.name for policy in policies(plan)} | secrets_beside(plan) | pull_secrets(plan)
    names |= set(accounts(plan))
    return frozenset(
        names
        | backup_names(plan)
        | monitoring_names(plan)
        | postgres_names(plan)
        | mariadb_names(plan)
        | set(_workloads(plan))
    )


def may_be_claim(plan: Plan, name: str) -> bool:
    """True if the plan's charts could give a claim this name, for single pods of a StatefulSet too."""
    shared = plan.shared_claim is not None and plan.shared_claim.name == name
    return shared or any(name == workload or name.startswith(f"{workload}-") for workload in _workloads(plan))


def _workloads(plan: Plan) -> Iterator[str]:
    for release in plan.releases:
        for sub in COMPONENTS[release.component].sub_components:
            yield plan.names.workload(release.component, sub.name)
