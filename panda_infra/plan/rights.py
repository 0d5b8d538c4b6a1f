"""The rights in the namespace that a deployment of a plan needs.

Only the kinds that are certain are named: charts may make others, of which the plan knows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from panda_infra.config.cluster import ExistingCluster
from panda_infra.plan.backup import backup_objects
from panda_infra.plan.certificates import certificate_objects
from panda_infra.plan.consumers import existing_secrets
from panda_infra.plan.footprint import client_authorities, plural
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.objects import monitoring_objects
from panda_infra.plan.network.policies import policies
from panda_infra.plan.node_recovery import node_recovery_objects
from panda_infra.plan.pod_identities import accounts
from panda_infra.plan.standby import mark
from panda_infra.products.registry import COMPONENTS

__all__ = ["VERBS", "Resource", "needed"]

VERBS = ("get", "create", "patch")
"""What every deployment does. A site may deny the deletion of claims, for example, to keep data."""

_WORKLOADS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1"}


@dataclass(frozen=True)
class Resource:
    """A kind of objects as the API names it: its group, empty for the oldest kinds, and its word in paths."""

    group: str
    name: str

    def __str__(self) -> str:
        """The right in the form of `kubectl auth can-i`."""
        return f"{self.name}.{self.group}" if self.group else self.name


def needed(plan: Plan) -> Mapping[Resource, tuple[str, ...]]:
    """Each kind that the plan certainly makes in its namespace, with the keys of the stack file that need it.

    Empty for a stack on a cluster of Magnum's or of another stack: its credential may do everything.
    """
    if not isinstance(plan.config.cluster, ExistingCluster):
        return {}
    found: dict[Resource, list[str]] = {}
    for api, kind, key in _kinds(plan):
        keys = found.setdefault(_resource(api, kind), [])
        if key not in keys:
            keys.append(key)
    return {resource: tuple(keys) for resource, keys in found.items()}


def _kinds(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """The API, kind and key of everything; kinds of operators are left out, whose words in paths are theirs."""
    if set(plan.secrets) - set(existing_secrets(plan.config)):
        yield "v1", "Secret", "secrets"
    if plan.shared_claim:
        yield "v1", "PersistentVolumeClaim", "storage.sharedLogs"
    for policy in policies(plan):
        yield policy.api, policy.kind, "networkPolicies"
    if accounts(plan):
        yield "v1", "ServiceAccount", "components"
    if client_authorities(plan):
        yield "v1", "ConfigMap", "exposure.clientCa"
    role = mark(plan)
    objects = {
        "standby": [role] if role else [],
        "nodeRecovery": node_recovery_objects(plan),
        "backup": backup_objects(plan),
        "monitoring": monitoring_objects(plan),
        "certificates": list(certificate_objects(plan)),
    }
    for key, made in objects.items():
        for each in made:
            if each.fields["metadata"].get("namespace") == plan.config.namespace and _is_built_in(each.api):
                yield each.api, each.kind, key
    yield from _of_charts(plan)


def _of_charts(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """The kinds of objects that Helm makes; the controllers of Argo CD have rights of their own."""
    for release in plan.releases:
        if release.argocd:
            continue
        key = f"components.{release.component}"
        # Helm keeps its record of a release in a Secret.
        yield "v1", "Secret", key
        for sub in COMPONENTS[release.component].sub_components:
            if (release.values.get(sub.name) or {}).get("enabled") is False:
                continue
            yield _WORKLOADS[sub.workload], sub.workload, key
            if sub.ports:
                yield "v1", "Service", key


def _is_built_in(api: str) -> bool:
    group = api.rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def _resource(api: str, kind: str) -> Resource:
    return Resource(api.rpartition("/")[0], plural(kind))
