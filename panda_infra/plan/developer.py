"""The objects around a developer's namespace: what keeps its owner inside, and others outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.config.developer import Developer
from panda_infra.config.networks import Outlet
from panda_infra.config.stack import Settings
from panda_infra.plan.developer_admission import admission
from panda_infra.plan.developer_rights import rules as rights
from panda_infra.plan.network.peers import block, controllers, name_servers, outside, pods, tcp
from panda_infra.plan.outside_ports import outside_ports

__all__ = [
    "DEFAULT_MEMORY_LIMIT",
    "GUARD",
    "PREFIX",
    "GuardObject",
    "deployer",
    "guard_objects",
    "namespace_labels",
]

PREFIX = "dev-"
"""Begin of the names of developers' stacks and namespaces."""
GUARD = "panda-infra-developer"
"""Name of the objects that keep a developer's namespace apart; cluster-wide ones have the namespace's name after it."""
DEFAULT_MEMORY_LIMIT = "4Gi"
"""Limit of memory of a container whose chart sets none."""

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io/v1"
_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class GuardObject:
    """An object by its API, its kind and its name; ``namespace`` is None for a cluster-wide one."""

    api: str
    kind: str
    name: str
    namespace: str | None
    content: Mapping[str, Any]

    @property
    def key(self) -> str:
        """A name for the engine that no other object of the stack has."""
        return f"developer-{self.kind.lower()}-{self.name.removeprefix(GUARD).strip('-') or 'all'}"


def namespace_labels(config: Settings) -> dict[str, str]:
    """Labels of the namespace by which the API server refuses pods that could leave it; empty for other stacks.

    Only who may change the namespace itself can change them, which its owner may not.
    """
    if config.developer is None:
        return {}
    label = "pod-security.kubernetes.io"
    return {
        f"{label}/enforce": "baseline",
        f"{label}/enforce-version": "latest",
        f"{label}/warn": "restricted",
    }


def deployer(config: Settings) -> str | None:
    """The user by which a developer's charts are installed, whose rights are its owner's; None for other stacks.

    A chart of a branch may hold anything: with the rights of who runs `dev up`, it could leave the namespace.
    """
    return f"system:serviceaccount:{config.namespace}:{GUARD}" if config.developer else None


def guard_objects(config: Settings) -> tuple[GuardObject, ...]:
    """Every object around the namespace, in the order in which they are made; none for other stacks."""
    developer = config.developer
    return () if developer is None else tuple(_guards(config, developer))


def _guards(config: Settings, developer: Developer) -> Iterator[GuardObject]:
    namespace = config.namespace
    yield GuardObject("v1", "ResourceQuota", GUARD, namespace, {"spec": {"hard": _hard(developer)}})
    yield GuardObject("v1", "LimitRange", GUARD, namespace, {"spec": {"limits": [_LIMITS]}})
    for suffix, spec in (("", _inside()), ("-in", _way_in(developer)), ("-out", _way_out(config, developer))):
        policy = {"spec": {"podSelector": {}, **spec}}
        yield GuardObject("networking.k8s.io/v1", "NetworkPolicy", f"{GUARD}{suffix}", namespace, policy)
    yield GuardObject(f"{_RBAC}/v1", "Role", GUARD, namespace, {"rules": rights(GUARD)})
    yield GuardObject("v1", "ServiceAccount", GUARD, namespace, {"automountServiceAccountToken": False})
    binding = {
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": GUARD},
        "subjects": [
            *_subjects(developer),
            {"kind": "ServiceAccount", "name": GUARD, "namespace": namespace},
        ],
    }
    yield GuardObject(f"{_RBAC}/v1", "RoleBinding", GUARD, namespace, binding)
    name = f"{GUARD}-{namespace}"
    policy = {"spec": admission(sorted(config.hosts.exposed().values()))}
    yield GuardObject(_ADMISSION, "ValidatingAdmissionPolicy", name, None, policy)
    here = {"namespaceSelector": {"matchLabels": {_NAME: namespace}}}
    bound = {"spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": here}}
    yield GuardObject(_ADMISSION, "ValidatingAdmissionPolicyBinding", name, None, bound)


def _hard(developer: Developer) -> dict[str, str]:
    quota = developer.quota
    return {
        "requests.cpu": quota.cpu,
        "requests.memory": quota.memory,
        "limits.memory": quota.memory_limit,
        "requests.storage": quota.storage,
        "persistentvolumeclaims": str(quota.claims),
        "pods": str(quota.pods),
        # They would open the namespace to the outside, beside the ingress controller.
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


# The quota refuses pods that state nothing; a pod that fills a node's disk would drive out those of others.
_LIMITS = {
    "type": "Container",
    "default": {"memory": DEFAULT_MEMORY_LIMIT, "ephemeral-storage": "10Gi"},
    "defaultRequest": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "100Mi"},
}


def _inside() -> dict[str, Any]:
    """Allow connections only to the namespace's own pods and to the cluster's name server."""
    own = pods({})
    return {
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [own]}],
        "egress": [{"to": [own]}, name_servers()],
    }


def _way_in(developer: Developer) -> dict[str, Any]:
    """The network policy that lets ingress controllers reach the pods."""
    sources = controllers(developer)
    return {"policyTypes": ["Ingress"], **({"ingress": [{"from": sources}]} if sources else {})}


def _way_out(config: Settings, developer: Developer) -> dict[str, Any]:
    """Allow connections to the ports that the stack file names outside of the cluster, and to the outlets."""
    rules: list[dict[str, Any]] = []
    if ports := outside_ports(config):
        rules.append({"to": outside(developer), "ports": tcp(ports)})
    rules += [_outlet(each) for each in developer.outlets]
    return {"policyTypes": ["Egress"], **({"egress": rules} if rules else {})}


def _outlet(outlet: Outlet) -> dict[str, Any]:
    return {"to": [block(outlet.network)], "ports": tcp(outlet.ports)}


def _subjects(developer: Developer) -> Iterator[dict[str, str]]:
    for kind, name in (("User", developer.user), ("Group", developer.group)):
        if name:
            yield {"apiGroup": _RBAC, "kind": kind, "name": name}
