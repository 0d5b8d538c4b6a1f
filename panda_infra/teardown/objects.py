"""Find the leftovers of a stack in its cluster, and separate them from the objects of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import listing
from panda_infra.errors import shortened
from panda_infra.live.argocd_users import users_of
from panda_infra.live.met import Met, met
from panda_infra.live.ownership import Ownership
from panda_infra.live.target import look
from panda_infra.plan.footprint import ARGOCD_KEY, logs_volume, may_be_claim
from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS
from panda_infra.state.recorded import Recorded
from panda_infra.teardown.leftover import Leftover

__all__ = ["in_cluster"]

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CLAIM, _ADMISSION = "PersistentVolumeClaim", "ValidatingAdmissionPolicy"
_DATA = ("Secret", _CLAIM)


def in_cluster(plan: Plan, api: KubernetesApi) -> Iterator[Leftover]:
    """The namespace or its content, volumes of its claims, and cluster-wide objects of its releases.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    # The state of a destroyed stack is empty: only the marks on the objects are left.
    found = Ownership(plan, look(plan, api), Recorded())
    yield from _namespace(found, api)
    for planned, one in found.target.outside:
        # Others with the same Argo CD keep it: what the guard leaves to them is not the stack's any more.
        if planned.key == ARGOCD_KEY and planned.kind in ("Namespace", "CustomResourceDefinition"):
            yield from _of_argocd(found, one, api)
    volumes = listing(api, "/api/v1/persistentvolumes")
    for volume in volumes.items:
        if _is_volume(found, volume):
            yield Leftover("PersistentVolume", volume["metadata"]["name"], _volume_state(volume))
    if volumes.refused:
        yield Leftover.hidden("PersistentVolumes", volumes.refused)
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        roles = listing(api, f"{_RBAC}/{kind.lower()}s")
        for item in roles.items:
            if _is_left(found, met(kind, item)):
                yield Leftover(kind, item["metadata"]["name"])
        if roles.refused:
            yield Leftover.hidden(f"{kind}s", roles.refused)
    yield from _of_admission(found)


def _of_admission(found: Ownership) -> Iterator[Leftover]:
    """The admission policies for a developer's namespace, which lie outside of it."""
    for planned, one in found.target.outside:
        if planned.kind.startswith(_ADMISSION) and found.has(one):
            yield Leftover(planned.kind, planned.name)


def _of_argocd(found: Ownership, one: Met, api: KubernetesApi) -> Iterator[Leftover]:
    if found.has(one):
        users = users_of(api, one.kind, one.name)
        state = f"used by {shortened(users)}" if users else ""
        yield Leftover(one.kind, one.name, state, ours=not users)


def _namespace(found: Ownership, api: KubernetesApi) -> Iterator[Leftover]:
    namespace, config = found.target.namespace, found.plan.config
    if namespace is None:
        return
    if not config.adopts_namespace and found.may_have_namespace:
        whole = api.call("GET", f"/api/v1/namespaces/{namespace.name}", missing=True) or {}
        yield Leftover("Namespace", namespace.name, _namespace_state(whole))
        return
    yield Leftover("Namespace", namespace.name, namespace.maker, ours=False)
    if config.adopts_namespace:
        for name in sorted(found.target.releases):
            yield Leftover("Helm release", name, ours=name in found.target.noted)
        for one in found.target.inside:
            if _is_left(found, one):
                yield Leftover(one.kind, one.name)
            elif one.kind in _DATA:
                yield Leftover(one.kind, one.name, _origin(found, one), ours=False)
        if found.target.lease:
            yield Leftover("Lease", found.target.lease.name)


def _origin(found: Ownership, one: Met) -> str:
    """The owner of an object; a component that the stack file no longer has leaves its pods' claims unmarked."""
    former = {found.plan.names.release(name) for name in COMPONENTS}
    if one.kind != _CLAIM or one.instance not in former - set(found.target.releases):
        return one.maker
    return f"of a release {one.instance} that is gone: if that was this stack's, delete it by hand"


def _is_left(found: Ownership, one: Met) -> bool:
    """True if an object is the stack's, or belongs to a planned release that is gone."""
    if found.has(one) or not found.may_work_here:
        return found.has(one)
    namespace, release = one.release
    if one.namespace == "" and not release:
        return False
    name = release or one.instance
    here = namespace in ("", found.plan.config.namespace)
    return here and found.is_planned(name) and name not in found.target.releases


def _is_volume(found: Ownership, volume: Mapping[str, Any]) -> bool:
    """True if a volume is the stack's: by its mark or name, or because only the stack can have had its claim."""
    one, claim = met("PersistentVolume", volume), volume["spec"].get("claimRef") or {}
    if one.mark or not found.may_work_here:
        return found.has(one)
    if one.name == logs_volume(found.plan.config.namespace) or _is_left(found, one):
        return True
    if claim.get("namespace") != found.plan.config.namespace:
        return False
    if not found.plan.config.adopts_namespace:
        return True
    theirs = {met.name for met in found.target.inside if met.kind == _CLAIM and not _is_left(found, met)}
    return claim["name"] not in theirs and may_be_claim(found.plan, claim["name"])


def _namespace_state(namespace: Mapping[str, Any]) -> str:
    status = namespace.get("status") or {}
    messages = [
        condition["message"]
        for condition in status.get("conditions") or ()
        if condition["status"] == "True" and condition.get("message")
    ]
    return "; ".join([status.get("phase", ""), *messages])


def _volume_state(volume: Mapping[str, Any]) -> str:
    spec = volume["spec"]
    claim = spec.get("claimRef")
    of = f", of claim {claim['namespace']}/{claim['name']}" if claim else ""
    policy = spec.get("persistentVolumeReclaimPolicy")
    by = (volume["metadata"].get("annotations") or {}).get("pv.kubernetes.io/provisioned-by")
    phase = (volume.get("status") or {}).get("phase", "unknown")
    return f"{phase}{of}, reclaim policy {policy}" + (f", provisioned by {by}" if by else "")
