"""Databases of an operator as they were at a moment: new servers beside the live ones."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.conditions import true_conditions
from panda_infra.errors import PandaInfraError
from panda_infra.plan.model import Plan
from panda_infra.plan.postgres import API, ARCHIVE_SECRET, PLUGIN_API, Operated, operated, recovery

__all__ = ["Recovery", "moment_of", "to_recover"]

_CLUSTERS = f"/apis/{API}/namespaces/{{}}/clusters"
_ARCHIVE = f"/apis/{PLUGIN_API}/namespaces/{{}}/objectstores/{ARCHIVE_SECRET}"
# The operator's Services add to it.
_NAME = r"[a-z]([-a-z0-9]{0,40}[a-z0-9])?"
_PAUSE = 1.0


def moment_of(text: str) -> datetime:
    """The moment that a text names, by ISO 8601 with its time zone.

    Raises:
        PandaInfraError: it is no such text, or in the future.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PandaInfraError(f"--to {text}: write a time with its zone, e.g. 2026-11-30T02:17:00+00:00")
    if moment > datetime.now(UTC):
        raise PandaInfraError(f"--to {text}: is in the future")
    return moment


def to_recover(plan: Plan, component: str | None) -> Operated:
    """The database of the section `postgres` that is meant: that of a component, or the only one.

    Raises:
        PandaInfraError: there is none with an archive, or it is not clear which one.
    """
    stack, section, found = plan.stack, plan.config.postgres, operated(plan)
    if section is None or section.backup is None:
        what = f"stack {stack} archives no changes, so that only its backups can be restored"
        raise PandaInfraError(
            f"{what}: `restore {stack} --from NAME`, or the section `postgres` with `backup`"
        )
    own = [each for each in found if component in (None, each.component)]
    if len(own) != 1:
        known = ", ".join(each.component for each in found)
        raise PandaInfraError(f"--of {component or 'is missing'}: name one of the databases of {known}")
    return own[0]


@dataclass(frozen=True)
class Recovery:
    """Recoveries in the cluster of a plan's stack; each is awaited for ``seconds``."""

    api: KubernetesApi
    plan: Plan
    seconds: float

    def start(self, each: Operated, moment: datetime, into: str | None = None) -> str:
        """Make servers with the content of a moment, wait until they serve, and return the name of their Service.

        Raises:
            PandaInfraError: the name cannot be used, the archive does not begin before the moment, or the operator
                refuses, fails or takes too long.
        """
        name = into or f"{each.cluster}-restored"
        if not re.fullmatch(_NAME, name):
            raise PandaInfraError(
                f"--into {name}: must be at most 42 lower-case letters, digits and dashes that start with a letter"
            )
        path = _CLUSTERS.format(self.plan.config.namespace)
        if self.api.call("GET", f"{path}/{name}", missing=True) is not None:
            raise PandaInfraError(f"there is a database {name} already: name another one by --into")
        self._refuse_what_is_too_early(each, moment)
        self.api.call("POST", path, body=recovery(self.plan, each, moment, name))
        deadline = time.monotonic() + self.seconds
        while True:
            seen: Mapping[str, Any] = self.api.call("GET", f"{path}/{name}", missing=True) or {}
            if "Ready" in true_conditions(seen):
                return f"{name}-rw"
            if time.monotonic() > deadline:
                phase = (seen.get("status") or {}).get("phase") or "the operator says nothing about it"
                raise PandaInfraError(
                    f"{name} does not serve after {self.seconds:.0f} s, but goes on: {phase}"
                )
            time.sleep(_PAUSE)

    def _refuse_what_is_too_early(self, each: Operated, moment: datetime) -> None:
        """Refuse a time before the first backup: the operator would try again and again, and report no reason."""
        store: Mapping[str, Any] = (
            self.api.call("GET", _ARCHIVE.format(self.plan.config.namespace), missing=True) or {}
        )
        windows = (store.get("status") or {}).get("serverRecoveryWindow") or {}
        first = (windows.get(each.cluster) or {}).get("firstRecoverabilityPoint")
        if first is None:
            raise PandaInfraError(
                f"the archive has no base backup of {each.cluster} yet: nothing can be restored before the first one"
            )
        if moment < datetime.fromisoformat(first):
            raise PandaInfraError(
                f"--to {moment.isoformat()}: is before {first}, when the first base backup of {each.cluster} that the "
                "archive has ended: write a later time"
            )
