"""Simulated nodes whose machines can be stopped and started again, each with a kubelet of its own.

The kubelet of a stopped machine renews no heartbeat, reports nothing and ends no pod, as on a machine without power.
The bed's other nodes share one process, which `silence` stops as a whole.
"""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from testbed import control_plane as plane
from testbed import executables, nodes, processes, waiting
from testbed.api import Api, ApiError
from testbed.bed import Bed

__all__ = ["LABEL", "Machine", "machines", "silence"]

LABEL = "testbed.panda-infra/mortal"
"""The label of these nodes."""

_NODES = "/api/v1/nodes"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_READY_WITHIN = 60.0


@dataclass(frozen=True)
class Machine:
    """The machine of one node."""

    bed: Bed
    node: str

    @property
    def _part(self) -> str:
        return f"{plane.KUBELETS}-{self.node}"

    def start(self) -> None:
        """Start it, or start it again."""
        # kwok takes each process for another holder of the Lease, and would wait for the end of the former one's.
        with suppress(ApiError):
            Api(self.bed.kubeconfig).merge(f"{_LEASES}/{self.node}", {"spec": {"holderIdentity": None}})
        files = plane.Files(self.bed.state)
        processes.spawn(self.bed.state, self._part, plane.kubelets(executables.locate(), files, self.node))

    def stop(self) -> None:
        """Stop it without a warning."""
        processes.end(self.bed.state, {self._part})


@contextmanager
def machines(bed: Bed, count: int, servers: Sequence[str] = ()) -> Iterator[list[Machine]]:
    """New nodes, Ready; removed at the end. ``servers`` are the UUIDs of servers that exist."""
    api = Api(bed.kubeconfig)
    uuids = servers or [str(uuid.uuid4()) for _ in range(count)]
    made = [Machine(bed, node) for node in nodes.create_alone(api, LABEL, uuids)]
    try:
        for machine in made:
            machine.start()
        for machine in made:
            waiting.until(
                lambda node=machine.node: nodes.is_ready(api.get(f"{_NODES}/{node}")),  # type: ignore[misc]
                f"node {machine.node} becoming ready",
                _READY_WITHIN,
            )
        yield made
    finally:
        for machine in made:
            api.delete(f"{_NODES}/{machine.node}")
            machine.stop()


@contextmanager
def silence(bed: Bed) -> Iterator[None]:
    """Stop every kubelet of the bed, as if the network were gone; they go on at the end."""
    parts = [pid for pid, part in processes.alive(bed.state).items() if part.startswith(plane.KUBELETS)]
    for pid in parts:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in parts:
            os.kill(pid, signal.SIGCONT)
