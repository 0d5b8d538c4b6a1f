"""The risks of a preview, worst first, for the top of a review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from panda_infra.plan.data import KEEPER, owned_data
from panda_infra.products.model import ComponentSpec, SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.review.deliveries import component_steps
from panda_infra.review.preview import CLUSTER, STORAGE, Preview, Step

__all__ = ["Risk", "Severity", "risks"]

# Values of a sub-chart that affect only other objects than its pods.
_BESIDE_PODS = {
    "ingress",
    "ingress_big",
    "route",
    "gateway",
    "hostName",
    "replicaCount",
    "service",
    "autoscaling",
}
# Inputs of a release that control Helm itself, not the objects.
_HOW_HELM_WORKS = {"atomic", "timeout", "maxHistory", "allowNullValues", "postrender"}


class Severity(IntEnum):
    """The severity of a risk, worst first."""

    CLUSTER_REPLACED = 1
    DATA_DELETED = 2
    SERVICE_REMOVED = 3
    DOWNTIME = 4
    RESTART = 5

    @property
    def title(self) -> str:
        """The heading of the severity."""
        return _TITLES[self]


_TITLES: Mapping[Severity, str] = {
    Severity.CLUSTER_REPLACED: "The cluster is replaced",
    Severity.DATA_DELETED: "Data is deleted",
    Severity.SERVICE_REMOVED: "A service is removed",
    Severity.DOWNTIME: "Down while its only pod is replaced",
    Severity.RESTART: "Pods restart",
}


@dataclass(frozen=True, order=True)
class Risk:
    """One risk: its severity, the affected object, and the reason."""

    severity: Severity
    subject: str
    reason: str


def risks(preview: Preview) -> tuple[Risk, ...]:
    """All risks of a preview, worst first, without duplicates."""
    found = {risk for step in preview.steps for risk in _risks(step)}
    found |= {risk for step in component_steps(preview) for risk in _release(step)}
    return tuple(sorted(found))


def _risks(step: Step) -> Iterator[Risk]:
    if step.owner == CLUSTER and step.action in ("replaced", "deleted"):
        yield from _cluster(step)
    elif step.owner == STORAGE and step.action in ("replaced", "deleted"):
        kind = step.type.rsplit(":", 1)[-1]
        yield Risk(
            Severity.DATA_DELETED, f"{kind} {step.name}", f"it is {step.action}, with all that it holds"
        )


def _cluster(step: Step) -> Iterator[Risk]:
    kind = step.type.rsplit(":", 1)[-1]
    if kind == "Cluster":
        reason = f"it is {step.action}: nodes, volumes and everything that runs on them go"
        yield Risk(Severity.CLUSTER_REPLACED, step.name, reason)
    elif step.type == "pulumi:providers:kubernetes":
        reason = f"the way into it is {step.action}: every object is made anew"
        yield Risk(Severity.CLUSTER_REPLACED, step.name, reason)
    elif kind == "LandbAliases" and step.action == "deleted":
        reason = "its hosts lead to no node of this cluster any more"
        yield Risk(Severity.SERVICE_REMOVED, step.name, reason)


def _release(step: Step) -> Iterator[Risk]:
    spec = COMPONENTS.get(step.name)
    if spec is None or step.action == "created":
        return
    before: Mapping[str, Any] = step.before.get("values") or {}
    after: Mapping[str, Any] = (step.after.get("values") or {}) if step.action != "deleted" else {}
    gone = step.action in ("deleted", "replaced")
    outlive = step.before.get("postrender") == KEEPER
    kept = () if gone else owned_data(spec.name, after)
    for claim in owned_data(spec.name, before):
        if claim not in kept and not outlive:
            owner, _, name = claim.partition(".")
            reason = f"Helm deletes the claim `{name}` that its release made"
            yield Risk(Severity.DATA_DELETED, f"{spec.name}/{owner}", reason)
    if step.action == "deleted":
        reason = f"its release {step.before.get('name')} is uninstalled" + ", its claims stay" * outlive
        yield Risk(Severity.SERVICE_REMOVED, spec.name, reason)
        return
    for sub in spec.sub_components:
        subject = f"{spec.name}/{sub.name}"
        if not _enabled(sub, before):
            continue
        if not _enabled(sub, after):
            yield Risk(Severity.SERVICE_REMOVED, subject, "it is switched off")
        elif gone or _restarts(step, spec, sub, before, after):
            yield _restart(sub, subject, "its release is replaced" if gone else "its release changes", after)


def _enabled(sub: SubComponentSpec, values: Mapping[str, Any]) -> bool:
    return not sub.switchable or bool((values.get(sub.name) or {}).get("enabled", True))


def _restarts(
    step: Step,
    spec: ComponentSpec,
    sub: SubComponentSpec,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> bool:
    """Return whether an update of the release replaces the pods of a sub-component."""
    inputs = {key for key in {*step.before, *step.after} if step.before.get(key) != step.after.get(key)}
    if inputs - {"values"} - _HOW_HELM_WORKS:
        return True  # another chart or version
    parts = {other.name for other in spec.sub_components}
    if any(before.get(key) != after.get(key) for key in {*before, *after} - parts):
        return True  # values that every sub-chart reads
    old, new = before.get(sub.name) or {}, after.get(sub.name) or {}
    return any(old.get(key) != new.get(key) for key in {*old, *new} - _BESIDE_PODS)


def _restart(sub: SubComponentSpec, subject: str, reason: str, values: Mapping[str, Any]) -> Risk:
    replicas = (values.get(sub.name) or {}).get("replicaCount", 1) if sub.scalable else 1
    if replicas == 1:
        return Risk(Severity.DOWNTIME, subject, f"{reason} and it has one pod")
    return Risk(Severity.RESTART, subject, f"{reason}, its {replicas} pods are replaced one after another")
