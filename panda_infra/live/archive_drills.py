"""Drills of archives: restores everything in an archive into new servers, counts it, and removes the servers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import NotAskedError, PandaInfraError
from panda_infra.live.archives import Archived, Newest
from panda_infra.live.backups import RESTORED, Restored
from panda_infra.live.counting import counting
from panda_infra.live.jobs import run_to_end
from panda_infra.live.recovery import Recovery
from panda_infra.plan.model import Plan
from panda_infra.plan.ownership import MARK

__all__ = ["DRILL", "ArchiveDrills"]

DRILL = "panda-infra/drill"
"""The label of servers that a drill has made: its value is the name of the servers whose archive they are from."""
# Letters that are left for the rest of a name: with it, Services and pods of operators may have at most 42.
_LONGEST = 30
_PAUSE = 1.0
# Seconds; pods need time to shut down.
_GONE_AFTER = 600.0


@dataclass(frozen=True)
class ArchiveDrills:
    """Drills in the cluster of a plan's stack; servers and Job are awaited for ``seconds`` each.

    ``started`` gets the name of the servers when they are made.
    """

    api: KubernetesApi
    plan: Plan
    seconds: float
    started: Callable[[str], None] = field(default=lambda _name: None)

    def drill(self, each: Archived, newest: Newest) -> Restored:
        """Make servers with everything that an archive has, count tables and rows, and remove the servers.

        Servers that a killed drill of this database has left are removed first.

        Raises:
            NotAskedError: how much was restored cannot be read.
            PandaInfraError: nothing is restored, it cannot be counted, or the servers do not go.
        """
        for name in self._left(each):
            self._remove(each, name)
        name = f"{each.cluster[:_LONGEST].rstrip('-')}-drill-{secrets.token_hex(2)}"
        described = each.whole(self.plan, newest, name)
        described["metadata"]["labels"] = {DRILL: each.cluster}
        self.started(name)
        try:
            service = Recovery(self.api, self.plan, self.seconds).serve(each, described)
            restored = self._counted(each, name, service)
        except BaseException:
            # The reason matters more; the next drill finds what is left.
            with suppress(PandaInfraError):
                self._remove(each, name)
            raise
        self._remove(each, name)
        return restored

    def _counted(self, each: Archived, name: str, service: str) -> Restored:
        image = each.image(self.api, self.plan, name)
        if image is None:
            raise NotAskedError(
                f"{name} serves, but nothing shows its image, whose programs would count its tables"
            )
        owner: Mapping[str, Any] = self.api.call("GET", f"{each.servers(self.plan)}/{name}")
        job = counting(self.plan, each, owner, service, image)
        finished = run_to_end(self.api, job, seconds=self.seconds)
        found = RESTORED.search(finished.log or "")
        if found is None:
            raise NotAskedError(
                f"{name} serves, but the log of job {finished.name} cannot be read: who may read logs of pods?"
            )
        return Restored(int(found[1]), int(found[2]))

    def _left(self, each: Archived) -> list[str]:
        """The servers that earlier drills of a database have left: those that bear the label and the stack's mark."""
        query = [("labelSelector", f"{DRILL}={each.cluster}")]
        found = self.api.call("GET", each.servers(self.plan), query=query, missing=True) or {}
        metadata = [item["metadata"] for item in found.get("items") or ()]
        return [
            item["name"]
            for item in metadata
            if item["name"] != each.cluster
            and self.plan.owner.wrote((item.get("annotations") or {}).get(MARK, ""))
        ]

    def _remove(self, each: Archived, name: str) -> None:
        """Remove servers with all that is theirs, and wait until they are gone."""
        path = f"{each.servers(self.plan)}/{name}"
        # Volumes and pods go first, so that nothing is left once the object is gone.
        self.api.call("DELETE", path, query=[("propagationPolicy", "Foreground")], missing=True)
        deadline = time.monotonic() + _GONE_AFTER
        while self.api.call("GET", path, missing=True) is not None:
            if time.monotonic() > deadline:
                kind = f"{each.kind}.{each.api.partition('/')[0]}"
                raise PandaInfraError(
                    f"{name} of the drill is not gone after {_GONE_AFTER:.0f} s: see what holds it by "
                    f"`kubectl get {kind} {name} --namespace {self.plan.config.namespace} --output yaml`"
                )
            time.sleep(_PAUSE)
