"""Applications in a cluster, and their status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from testbed import waiting
from testbed.api import Api, ApiError, Object
from testbed.argocd_bed.objects import GROUP
from testbed.errors import BedError


@dataclass(frozen=True)
class Sync:
    """A finished sync of an Application: its revision, and when it began and ended."""

    revision: str
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Status:
    """The status of an Application at one time."""

    sync: str
    health: str
    revision: str
    phase: str
    message: str
    syncs: Sequence[Sync]
    """Its successful syncs, the oldest first."""

    @property
    def settled(self) -> bool:
        """True if it is Synced and Healthy and no sync is under way."""
        return self.sync == "Synced" and self.health == "Healthy" and self.phase in ("", "Succeeded")


def path(namespace: str, name: str = "") -> str:
    """The path of an Application, or of all of a namespace."""
    return f"{GROUP}/namespaces/{namespace}/applications{'/' if name else ''}{name}"


def status(api: Api, namespace: str, name: str) -> Status:
    """The status of an Application.

    Raises:
        ApiError: there is none.
    """
    return parsed(api.get(path(namespace, name)))


def parsed(application: Object) -> Status:
    """The status in an Application; what is not there yet is empty."""
    given: Mapping[str, Any] = application.get("status") or {}
    sync = given.get("sync") or {}
    operation = given.get("operationState") or {}
    # Before any sync, conditions report what is wrong.
    conditions = [condition["message"] for condition in given.get("conditions") or ()]
    return Status(
        sync=sync.get("status", ""),
        health=(given.get("health") or {}).get("status", ""),
        revision=sync.get("revision", ""),
        phase=operation.get("phase", ""),
        message="; ".join(filter(None, [operation.get("message", ""), *conditions])),
        syncs=[
            Sync(each["revision"], _time(each["deployStartedAt"]), _time(each["deployedAt"]))
            for each in given.get("history") or ()
        ],
    )


def settle(
    api: Api, namespace: str, names: Sequence[str], revision: str = "", seconds: float = 60
) -> dict[str, Status]:
    """Wait until Applications are Synced and Healthy, at a revision if one is given.

    Raises:
        BedError: not within ``seconds``; the message contains the status of each.
    """
    found: dict[str, Status] = {}

    def settled() -> bool:
        for name in names:
            try:
                found[name] = status(api, namespace, name)
            except ApiError:
                return False
        return all(each.settled and revision in ("", each.revision) for each in found.values())

    try:
        waiting.until(settled, f"Applications {', '.join(names)} being Synced and Healthy", seconds)
    except BedError as error:
        raise BedError(f"{error}: {found}") from None
    return found


def refresh(api: Api, namespace: str, name: str) -> None:
    """Ask Argo CD to compare an Application now."""
    api.merge(path(namespace, name), {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
