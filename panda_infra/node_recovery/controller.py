"""One round after the other: look at all nodes, decide, make sure, write."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panda_infra.clients.pod.kubernetes import CallError
from panda_infra.node_recovery.decision import Decision, Limits, Node, decide
from panda_infra.node_recovery.lease import Api, Hold
from panda_infra.node_recovery.sight import MARK, TAINT, Watch, raw_taints, without_taint

__all__ = ["PAUSE", "Confirm", "Controller", "Round"]

PAUSE = 5.0
"""Seconds between two rounds."""
NODES = "/api/v1/nodes"
_HEARTBEATS = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
# Two rounds may fail; after that, silence must be watched anew.
_LONGEST_GAP = 4 * PAUSE

Confirm = Callable[[Node, Sequence[Node]], str]
"""Makes sure that the machine of a node is down, given the nodes that are ready: empty if it is, else why that is not
certain."""


@dataclass(frozen=True)
class Round:
    """The result of one round: the nodes that were taken out and given back, and its lines for the log."""

    out: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    silent: bool = False
    """True if a node is not ready, whose silence may still have to be watched."""
    other: str = ""
    """The process that holds the Lease instead; then nothing was decided."""
    other_lives: bool = False
    """True if that process was seen to renew the Lease: one that was killed has left it behind."""


@dataclass
class Controller:
    """Node recovery of one cluster, by one process.

    With ``dry_run`` it writes nothing, and prints what it would do; ``hold`` is None then.
    """

    api: Api
    confirm: Confirm
    limits: Limits
    hold: Hold | None
    dry_run: bool = False
    _watch: Watch = field(default_factory=lambda: Watch(_LONGEST_GAP), init=False)
    _many_down: float = field(default=-math.inf, init=False)
    """The monotonic time of the last look at which more workers were down than may be."""

    def round(self) -> Round:
        """Do one round.

        Raises:
            CallError: the API refuses or does not answer; nothing was decided.
        """
        if self.hold and not self.hold.take():
            # This process goes on watching, so that it can act as soon as the other one is gone.
            self._look()
            return Round(other=self.hold.other or "another process", other_lives=self.hold.other_lives)
        bodies, nodes = self._look()
        decision = decide(nodes, self.limits, time.monotonic() - self._many_down)
        said = [decision.why] if decision.why else []
        back = [name for name in decision.back if self._changed(bodies[name], None, said)]
        out = self._taken_out(decision, bodies, nodes, said)
        silent = any(not node.ready and not node.out_of_service for node in nodes)
        return Round(tuple(out), tuple(back), tuple(said), decision.suspects, silent)

    def _look(self) -> tuple[dict[str, Mapping[str, Any]], list[Node]]:
        listed = self.api("GET", NODES)["items"]
        beats = self.api("GET", _HEARTBEATS)["items"]
        at = time.monotonic()
        nodes = self._watch.look(listed, beats, at, time.time())
        if self.limits.many_down(nodes):
            self._many_down = at
        return {body["metadata"]["name"]: body for body in listed}, nodes

    def _taken_out(
        self,
        decision: Decision,
        bodies: Mapping[str, Mapping[str, Any]],
        nodes: Sequence[Node],
        said: list[str],
    ) -> list[str]:
        by_name = {node.name: node for node in nodes}
        ready = [node for node in nodes if node.ready]
        out: list[str] = []
        for name in decision.suspects if decision.room else ():
            if doubt := self.confirm(by_name[name], ready):
                said.append(f"node {name} is silent, but stays in service: {doubt}")
            elif self._changed(bodies[name], time.time(), said):
                out.append(name)
                if len(out) == decision.room:
                    break
        return out

    def _changed(self, body: Mapping[str, Any], taken_out: float | None, said: list[str]) -> bool:
        """Take a node out at a time, or give it back; false if nothing was written."""
        name = body["metadata"]["name"]
        if self.dry_run:
            return True
        if self.hold is None or not self.hold.is_held:
            return False  # a slow answer has used up the time; the next round begins with the Lease
        taints = without_taint(body)
        if taken_out is not None:
            taints.append({"key": TAINT, "value": "nodeshutdown", "effect": "NoExecute"})
        patch = {
            "metadata": {
                # A node that came back, or that somebody else has changed, is looked at again first.
                "resourceVersion": body["metadata"]["resourceVersion"],
                "annotations": {MARK: None if taken_out is None else f"{taken_out:.0f}"},
            },
            "spec": {"taints": taints} if taints != raw_taints(body) else {},
        }
        try:
            self.api("PATCH", f"{NODES}/{name}", patch)
        except CallError as error:
            if not error.is_conflict:
                raise
            said.append(f"node {name} has changed in the meantime, and is looked at again")
            return False
        return True
