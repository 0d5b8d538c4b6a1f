"""Which nodes to take out of service and which to give back: a pure function of what was seen.

The taint `node.kubernetes.io/out-of-service` makes Kubernetes' own controllers delete the pods of a node and detach its
volumes without asking its kubelet. On a machine that still runs, this would let two pods write to one volume. So every
doubt ends in doing nothing: waiting costs time, a wrong taint costs data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Decision", "Limits", "Node", "decide"]

_PERCENT = 100
# Seconds in which a kubelet misses two heartbeats. Kubernetes calls a node not ready after 40 at the earliest.
_LATE = 20.0
# Seconds in which the nodes of a network that works again come back: a kubelet finds a lost connection after 45.
_RETURN = 60.0


@dataclass(frozen=True)
class Node:
    """A node as one look found it.

    ``silent_for`` is the number of seconds for which its heartbeat has been watched without a change; ``taken_out`` is
    the number of seconds since this program took it out of service, None if it did not. ``out_of_service`` is true for
    a node with the taint, whoever set it. ``machine`` is the UUID of its server, empty if unknown.
    """

    name: str
    ready: bool
    silent_for: float = 0.0
    taken_out: float | None = None
    out_of_service: bool = False
    control_plane: bool = False
    machine: str = ""


@dataclass(frozen=True)
class Limits:
    """When a node counts as dead, and how much may be done.

    ``silent_for`` and ``apart`` are in seconds: the silence that makes a node dead, and the time between two nodes that
    are taken out. ``share`` is the percentage of the workers that may be down at once; beyond it nothing is done. A
    worker counts as down as soon as its heartbeats stop: when a network fails, Kubernetes calls one node not ready
    up to ten seconds before the others.
    """

    silent_for: float
    share: int
    apart: float

    def most(self, workers: int) -> int:
        """The number of workers that may be down at once: one at least, never all."""
        return min(max(1, workers * self.share // _PERCENT), workers - 1)

    def down(self, node: Node) -> bool:
        """True if the node is not ready, or sends no heartbeats and may follow."""
        return not node.ready or node.silent_for >= min(self.silent_for, _LATE)

    def many_down(self, nodes: Sequence[Node]) -> bool:
        """True if more workers are down than may be; then no single one proves to be dead, and none for a while after.

        When a network works again, its nodes come back one after the other, and the last one stands alone.
        """
        workers = [node for node in nodes if not node.control_plane]
        # A heartbeat that is a little late must not begin the while anew.
        return sum(not node.ready or node.silent_for >= _LATE for node in workers) > self.most(len(workers))


@dataclass(frozen=True)
class Decision:
    """What to do.

    ``suspects`` may be taken out in this order once their machines are known to be down, ``room`` of them now; ``back``
    are given back. ``why`` is the reason why the rest must wait, empty if nothing does.
    """

    suspects: tuple[str, ...] = ()
    room: int = 0
    back: tuple[str, ...] = ()
    why: str = ""


def decide(nodes: Sequence[Node], limits: Limits, calm_for: float) -> Decision:
    """Judge one look at all nodes of the cluster, ``calm_for`` seconds after the last one with `Limits.many_down`."""
    back = tuple(node.name for node in nodes if node.taken_out is not None and node.ready)
    workers = [node for node in nodes if not node.control_plane]
    suspects = tuple(
        node.name
        for node in workers
        if not node.ready and not node.out_of_service and node.silent_for >= limits.silent_for
    )
    if not suspects:
        return Decision(back=back)
    most, down = limits.most(len(workers)), sum(limits.down(node) for node in workers)
    if down > most:
        why = (
            f"{down} of {len(workers)} workers are not ready or silent, more than the {most} that may be: a fault of "
            "the network or the API is likelier than as many dead machines"
        )
        return Decision(back=back, why=why)
    if calm_for < max(limits.silent_for, _RETURN):
        why = (
            f"more than {most} of {len(workers)} workers were down {calm_for:.0f} s ago: the others may still be on "
            "their way back"
        )
        return Decision(back=back, why=why)
    latest = min((node.taken_out for node in nodes if node.taken_out is not None), default=None)
    if latest is not None and latest < limits.apart:
        return Decision(suspects, 0, back, f"the last node was taken out less than {limits.apart:g} s ago")
    # One at a time, unless the limits say that nothing need be waited for.
    return Decision(suspects, 1 if limits.apart else len(suspects), back)
