"""Databases of an operator as they were at a moment: new servers beside the live ones."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.objects import true_conditions
from panda_infra.errors import PandaInfraError
from panda_infra.live.archives import Archived, archived
from panda_infra.live.outage import look
from panda_infra.plan.model import Plan

__all__ = ["Recovery", "moment_of", "to_recover"]

# The operators' Services add to it.
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


def to_recover(plan: Plan, component: str | None) -> Archived:
    """The database of an operator that is meant: that of a component, or the only one.

    Raises:
        PandaInfraError: there is none with an archive, or it is not clear which one.
    """
    stack, found = plan.stack, archived(plan)
    if not found:
        what = f"stack {stack} archives no changes, so that only its backups can be restored"
        raise PandaInfraError(
            f"{what}: `restore {stack} --from NAME`, or the section `postgres` or `mariadb` with `backup`"
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

    def start(self, each: Archived, moment: datetime, into: str | None = None) -> str:
        """Make servers with the content of a moment, wait until they serve, and return the name of their Service.

        Raises:
            PandaInfraError: the name cannot be used, the archive does not have the moment, or the operator refuses,
                fails or takes too long.
        """
        name = into or f"{each.cluster}-restored"
        if not re.fullmatch(_NAME, name):
            raise PandaInfraError(
                f"--into {name}: must be at most 42 lower-case letters, digits and dashes that start with a letter"
            )
        if self.api.call("GET", f"{each.servers(self.plan)}/{name}", missing=True) is not None:
            raise PandaInfraError(f"there is a database {name} already: name another one by --into")
        each.refuse_what_is_not_archived(self.api, self.plan, moment)
        return self.serve(each, each.described(self.plan, moment, name))

    def serve(self, each: Archived, described: Mapping[str, Any]) -> str:
        """Make servers as they are described, wait until they serve, and return the name of their Service.

        Raises:
            PandaInfraError: the operator refuses, fails or takes too long.
        """
        path, name = each.servers(self.plan), described["metadata"]["name"]
        self.api.call("POST", path, body=described)
        deadline = time.monotonic() + self.seconds
        while True:
            seen = look(self.api, f"{path}/{name}", deadline, missing=True)
            if each.restored <= true_conditions(seen):
                return each.service(name)
            if time.monotonic() > deadline:
                raise PandaInfraError(
                    f"{name} does not serve after {self.seconds:.0f} s, but goes on: {_reported(seen)}"
                )
            time.sleep(_PAUSE)


def _reported(seen: Mapping[str, Any]) -> str:
    """The operator's words about servers that do not serve yet."""
    status = seen.get("status") or {}
    ready = [each for each in status.get("conditions") or () if each.get("type") == "Ready"]
    messages = [status.get("phase"), *(each.get("message") for each in ready)]
    return next(filter(None, messages), "the operator reports nothing about it")
