"""The names of the objects that a plan makes, by which others' objects would be met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from panda_infra.plan.consumers import existing_secrets
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.values.volumes import SHARED_LOGS
from panda_infra.products.registry import COMPONENTS

__all__ = ["Outside", "logs_volume", "may_be_claim", "names_inside", "outside"]

_CORE, _RBAC = "/api/v1", "/apis/rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Outside:
    """An object outside of every namespace; ``key`` of the stack file asks for it, and ``release`` makes it, if any."""

    kind: str
    name: str
    key: str
    release: str = ""

    @property
    def path(self) -> str:
        """Of the object in the API."""
        root = _CORE if self.kind == "PersistentVolume" else _RBAC
        return f"{root}/{self.kind.lower()}s/{self.name}"


def logs_volume(namespace: str) -> str:
    """Name of the static volume of the shared claim, where that names a share."""
    return f"{namespace}-{SHARED_LOGS}"


def outside(plan: Plan) -> Iterator[Outside]:
    """Every object of the plan that no namespace holds, and whose name another stack's could have."""
    if plan.shared_claim and plan.shared_claim.share_id:
        name = logs_volume(plan.config.namespace)
        yield Outside("PersistentVolume", name, "storage.sharedLogs.shareId")
    for release in plan.releases:
        if (release.values.get("nodeRecovery") or {}).get("enabled"):
            for kind in ("ClusterRole", "ClusterRoleBinding"):
                key = f"components.{release.component}.nodeRecovery"
                yield Outside(kind, f"{release.name}-node-recovery", key, release.name)
        yield from _cvmfs(plan, release)


def _cvmfs(plan: Plan, release: Release) -> Iterator[Outside]:
    for sub in COMPONENTS[release.component].sub_components:
        mounted = (release.values.get(sub.name) or {}).get("cvmfs") or {}
        for repository in mounted.get("repositories") or ():
            name = f"{plan.names.workload(release.component, sub.name)}-cvmfs-{repository['name']}"
            key = f"components.{release.component}.{sub.name}.cvmfs"
            yield Outside("PersistentVolume", name, key, release.name)


def names_inside(plan: Plan) -> frozenset[str]:
    """The names of Secrets, claims, Services, workloads and the ConfigMap that the plan makes in its namespace."""
    provided = existing_secrets(plan.config)
    names = {plan.names.secret(suffix) for suffix in plan.secrets if suffix not in provided}
    if plan.shared_claim:
        names.add(plan.shared_claim.name)
    if plan.config.exposure.client_ca:
        names.add(plan.names.secret("panda-client-cas"))
    return frozenset(names | set(_workloads(plan)))


def may_be_claim(plan: Plan, name: str) -> bool:
    """Whether a claim has a name that a chart of the plan gives, those of a StatefulSet's single pods included."""
    shared = plan.shared_claim is not None and plan.shared_claim.name == name
    return shared or any(name == workload or name.startswith(f"{workload}-") for workload in _workloads(plan))


def _workloads(plan: Plan) -> Iterator[str]:
    for release in plan.releases:
        for sub in COMPONENTS[release.component].sub_components:
            yield plan.names.workload(release.component, sub.name)
