"""What the API shows of nodes, and for how long this process has itself seen each of them silent.

A kubelet renews the Lease of its node every ten seconds. Only a Lease that this process has watched without a change
proves silence: times in objects come from other clocks, and say nothing about a time in which nobody looked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from panda_infra.node_recovery.decision import Node

__all__ = ["MARK", "TAINT", "Watch", "raw_taints", "without_taint"]

TAINT = "node.kubernetes.io/out-of-service"
MARK = "panda-infra/out-of-service"
"""Annotation of a node with the time at which this program took it out of service, in seconds since 1970."""

_CONTROL_PLANE = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Watch:
    """The heartbeats seen so far; a look proves nothing about more than ``longest_gap`` seconds before it."""

    def __init__(self, longest_gap: float) -> None:
        self._longest_gap = longest_gap
        self._last_look: float | None = None
        self._since: dict[str, tuple[object, float]] = {}
        self._marks: dict[str, tuple[str, float]] = {}

    def look(
        self,
        nodes: Iterable[Mapping[str, Any]],
        leases: Iterable[Mapping[str, Any]],
        at: float,
        now: float,
    ) -> list[Node]:
        """The nodes of one look, taken at the monotonic time ``at``, in seconds; ``now`` are those since 1970."""
        if self._last_look is None or at - self._last_look > self._longest_gap:
            self._since = {}
        self._last_look = at
        beats = {each["metadata"]["name"]: (each.get("spec") or {}).get("renewTime") for each in leases}
        seen: dict[str, tuple[object, float]] = {}
        marks: dict[str, tuple[str, float]] = {}
        found = []
        for body in nodes:
            name = body["metadata"]["name"]
            # Another node of the same name has another heartbeat.
            beat = (body["metadata"].get("uid"), beats.get(name))
            before = self._since.get(name)
            seen[name] = before if before and before[0] == beat else (beat, at)
            if (mark := (body["metadata"].get("annotations") or {}).get(MARK)) is not None:
                known = self._marks.get(name)
                # The clock that wrote it may be ahead of this one: then it is as old as it was watched.
                fresh = mark, at - max(0.0, now - _time(mark))
                marks[name] = known if known and known[0] == mark else fresh
            found.append(_node(body, at - seen[name][1], at - marks[name][1] if name in marks else None))
        self._since, self._marks = seen, marks
        return found


def raw_taints(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The taints of a node as the API gives them."""
    return list((body.get("spec") or {}).get("taints") or ())


def without_taint(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its taints without that of this program."""
    return [taint for taint in raw_taints(body) if taint.get("key") != TAINT]


def _node(body: Mapping[str, Any], silent_for: float, taken_out: float | None) -> Node:
    metadata, status = body["metadata"], body.get("status") or {}
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    return Node(
        name=metadata["name"],
        # Cordoned or not: a node that takes no new pods can die like any other.
        ready=conditions.get("Ready") == "True",
        silent_for=silent_for,
        taken_out=taken_out,
        out_of_service=any(taint.get("key") == TAINT for taint in raw_taints(body)),
        control_plane=any(label in (metadata.get("labels") or {}) for label in _CONTROL_PLANE),
        machine=_machine(body),
    )


def _time(text: str) -> float:
    """The time of a mark; the beginning of time if a person has made it unreadable."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _machine(body: Mapping[str, Any]) -> str:
    """The UUID of the node's server: of its provider ID, else the one that its firmware gives."""
    provider = str((body.get("spec") or {}).get("providerID") or "")
    if provider:
        found = _UUID.search(provider) if provider.startswith("openstack://") else None
    else:
        info = (body.get("status") or {}).get("nodeInfo") or {}
        found = _UUID.fullmatch(str(info.get("systemUUID") or "").lower())
    return found.group() if found else ""
