"""Judge the status of an Application: done, at work, or failed, with Argo CD's own messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.errors import one_line

__all__ = ["REFRESH", "Judgement", "claims_of", "is_pinned", "judge", "problems_of"]

REFRESH = "argocd.argoproj.io/refresh"
"""The annotation that asks Argo CD to look at an Application again; it removes it when it has looked."""

_ERRORS = frozenset({"ComparisonError", "InvalidSpecError", "UnknownError", "DeletionError"})
_FAILED = frozenset({"Failed", "Error"})
# An Ingress waits for an address, which many controllers never publish, and a claim for a pod that mounts it. A
# workload that needs one of them is not healthy either.
_WAITING = frozenset({"Ingress", "PersistentVolumeClaim"})
_ILL = frozenset({"Degraded", "Missing"})
_MOST = 8
_PINNED = re.compile(r"[0-9a-f]{40}|\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?")

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """The condition of an Application.

    ``words`` name what it waits for, or what is wrong. It is ``done`` when it is synced and healthy at the revision
    that its specification asks for. ``errors`` prevent a comparison, and may pass; a sync that ``failed`` does not
    begin again by itself. It is ``stuck`` if it is not what it should be and nothing works on it.
    """

    words: str
    done: bool = False
    errors: tuple[str, ...] = ()
    failed: bool = False
    stuck: bool = False


def judge(application: Object) -> Judgement:
    """Judge an Application by its status."""
    spec, status = application["spec"], application.get("status") or {}
    if REFRESH in (application["metadata"].get("annotations") or {}):
        return Judgement("waits for Argo CD to look at it")
    if errors := tuple(_errors(status)):
        return Judgement(errors[0], errors=errors, stuck=True)
    if not _is_compared(spec, status.get("sync") or {}):
        return Judgement("waits for Argo CD to compare it with its newest settings")
    operation: Object = status.get("operationState") or {}
    if "operation" in application or operation.get("phase") == "Running":
        words = filter(None, [one_line(operation.get("message")), *_failed(operation)])
        return Judgement(f"syncs: {'; '.join(words) or 'begins'}")
    return _result(application, status, operation)


def _result(application: Object, status: Object, operation: Object) -> Judgement:
    """The condition after the last sync."""
    sync, health = status["sync"], (status.get("health") or {}).get("status")
    if sync.get("status") != "Synced":
        if operation.get("phase") in _FAILED:
            words = "; ".join(_failed(operation)) or one_line(operation.get("message"))
            return Judgement(f"could not be synced: {words}", failed=True, stuck=True)
        differing = ", ".join(_differing(status))
        return Judgement(f"is {sync.get('status') or 'unknown'}: {differing}", stuck=True)
    if health == "Healthy" or (health == "Progressing" and _only_waits_outside(status)):
        return Judgement(f"is synced to {sync.get('revision')} and healthy", done=True)
    problems = "; ".join(problems_of(application))
    words = f"is {health or 'not judged yet'}" + (f": {problems}" if problems else "")
    return Judgement(words, stuck=health in _ILL)


def _only_waits_outside(status: Object) -> bool:
    """True if the only unhealthy resources are of kinds that no part of the release waits for."""
    unhealthy = [each for each in status.get("resources") or () if _health(each) not in (None, "Healthy")]
    return bool(unhealthy) and all(
        each.get("kind") in _WAITING and _health(each) == "Progressing" for each in unhealthy
    )


def _health(resource: Object) -> str | None:
    found: str | None = (resource.get("health") or {}).get("status")
    return found


def problems_of(application: Object) -> list[str]:
    """One line for each resource that is not healthy or differs, and for each error; empty if all is well."""
    status: Object = application.get("status") or {}
    lines = [*_errors(status)]
    for resource in status.get("resources") or ():
        health = resource.get("health") or {}
        if health.get("status") not in (None, "Healthy"):
            message = one_line(health.get("message"))
            lines.append(f"{_called(resource)} is {health['status']}" + (f": {message}" if message else ""))
        elif resource.get("status") == "OutOfSync":
            lines.append(f"{_called(resource)} differs from its chart")
    return lines[:_MOST]


def claims_of(application: Object) -> list[str]:
    """The names of the claims that an Application itself has deployed."""
    resources = (application.get("status") or {}).get("resources") or ()
    return [each["name"] for each in resources if each.get("kind") == "PersistentVolumeClaim"]


def is_pinned(revision: str) -> bool:
    """True if a revision stays the same: a commit, or the full version of a chart."""
    return _PINNED.fullmatch(revision) is not None


def _errors(status: Object) -> Iterator[str]:
    for condition in status.get("conditions") or ():
        if condition.get("type") in _ERRORS:
            yield f"{condition['type']}: {one_line(condition.get('message'))}"


def _is_compared(spec: Object, sync: Object) -> bool:
    """True if the status is about the present specification."""
    compared = sync.get("comparedTo") or {}
    if any(compared.get(key) != spec.get(key) for key in ("source", "destination")):
        return False
    wanted = spec["source"].get("targetRevision", "")
    return not is_pinned(wanted) or sync.get("revision") == wanted


def _failed(operation: Object) -> Iterator[str]:
    for resource in (operation.get("syncResult") or {}).get("resources") or ():
        if resource.get("status") == "SyncFailed" or resource.get("hookPhase") in _FAILED:
            yield f"{_called(resource)}: {one_line(resource.get('message'))}"


def _differing(status: Object) -> Iterator[str]:
    for resource in status.get("resources") or ():
        if resource.get("status") != "Synced":
            yield _called(resource)


def _called(resource: Object) -> str:
    return f"{resource.get('kind')} {resource.get('name')}"
