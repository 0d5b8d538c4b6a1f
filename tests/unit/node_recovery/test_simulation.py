"""A cluster and two processes in any order of events: machines and networks fail and return, processes stop and go on.

The machine that runs and is heard by nobody is the one that must not be taken out of service. Alone it cannot be told
from a dead one without Nova; among many it can.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from panda_infra.clients.pod.kubernetes import CallError
from panda_infra.node_recovery import controller as controller_module
from panda_infra.node_recovery import lease as lease_module
from panda_infra.node_recovery.confirmation import unconfirmed
from panda_infra.node_recovery.controller import Controller
from panda_infra.node_recovery.decision import Limits
from panda_infra.node_recovery.lease import Hold
from tests.unit.node_recovery.test_controller import Clock, Cluster

_LIMITS = Limits(silent_for=40, share=40, apart=10)
_NODES = tuple(f"n{number}" for number in range(6))
# A kubelet reports every ten seconds, each at a time of its own; Kubernetes calls a node not ready after forty.
_BEAT, _GRACE = 10, 40
_LONGEST_RETURN = 45


@dataclass
class Machine:
    """A node: whether it runs, whether it is heard, and when its kubelet has reported last and reports next."""

    runs: bool = True
    heard: bool = True
    last: float = 1000.0
    next: float = 1000.0


@dataclass
class Sky:
    """Everything outside of the program: the time, the machines, and what Kubernetes makes of them."""

    clock: Clock = field(default_factory=Clock)
    cluster: Cluster = field(default_factory=lambda: Cluster(*_NODES))
    machines: dict[str, Machine] = field(default_factory=lambda: {name: Machine() for name in _NODES})

    def pass_by(self, seconds: int) -> None:
        """Let time pass, in which kubelets report and Kubernetes judges."""
        for _ in range(seconds):
            self.clock.now += 1
            for name, machine in self.machines.items():
                now = self.clock.now
                if machine.runs and machine.heard and now >= machine.next:
                    machine.last, machine.next = now, now + _BEAT
                    self.cluster.beats[name] = str(now)
                    self._judge(name, "True")
                elif now - machine.last > _GRACE:
                    self._judge(name, "Unknown")

    def _judge(self, name: str, ready: str) -> None:
        status = {"conditions": [{"type": "Ready", "status": ready}]}
        if self.cluster.nodes[name]["status"] != status:
            (self.cluster.revive if ready == "True" else self.cluster.kill)(name)


class Processes(RuleBasedStateMachine):
    """Two processes, in any order of events."""

    @initialize(offsets=st.permutations(range(0, 12, 2)))
    def begin(self, offsets: list[int]) -> None:
        self.sky = Sky()
        self.patch = pytest.MonkeyPatch()
        for each in (controller_module, lease_module):
            self.patch.setattr(each, "time", self.sky.clock)
        self.sky.cluster._beat = lambda: None  # type: ignore[method-assign]
        for machine, offset in zip(self.sky.machines.values(), offsets, strict=True):
            machine.next += offset
        self.numbers = 0
        self.lost = ""
        self.processes = [self._process(), self._process()]
        self.halt: Callable[[], None] = lambda: None
        self._pass(30)

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()

    def _process(self) -> Controller:
        self.numbers += 1
        return Controller(
            self._call, unconfirmed, _LIMITS, Hold(self._call, "panda", f"process {self.numbers}")
        )

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        """A request, before which the process may be stopped for a while, and whose answer may be lost."""
        self.halt()
        written = len(self.sky.cluster.written)
        answer = self.sky.cluster(method, path, body)
        for name, change in self.sky.cluster.written[written:]:
            self._judge_write(name, change)
        if self.lost == method:
            self.lost = ""
            raise CallError("no answer")
        return answer

    def _judge_write(self, name: str, change: Any) -> None:
        machines = self.sky.machines
        if not any(taint["key"] for taint in change["spec"].get("taints", ())):
            return
        assert not machines[name].runs, f"{name} is taken out and runs"
        assert self.sky.clock.now - machines[name].last >= _LIMITS.silent_for
        unheard = sum(not (each.runs and each.heard) for each in machines.values())
        assert unheard <= _LIMITS.most(len(machines)), f"{name} is taken out while {unheard} are unheard"

    def _pass(self, seconds: int) -> None:
        for _ in range(seconds // 5):
            self.sky.pass_by(5)
            for each in self.processes:
                with suppress(CallError):
                    each.round()

    @rule(seconds=st.integers(1, 24))
    def time_passes(self, seconds: int) -> None:
        self._pass(5 * seconds)

    @rule(name=st.sampled_from(_NODES))
    def a_machine_dies(self, name: str) -> None:
        """Two of them at most: that many may be down at once."""
        if sum(each.runs for each in self.sky.machines.values()) > len(_NODES) - 2:
            self.sky.machines[name].runs = False

    @rule(name=st.sampled_from(_NODES))
    def a_machine_starts(self, name: str) -> None:
        machine = self.sky.machines[name]
        if not machine.runs:
            machine.runs, machine.next = True, self.sky.clock.now + 5

    @rule(
        seconds=st.sampled_from([10, 30, 45, 60, 300]),
        late=st.lists(st.integers(0, _LONGEST_RETURN), min_size=6, max_size=6),
    )
    def the_network_fails(self, seconds: int, late: list[int]) -> None:
        """When it works again, each kubelet finds that out by itself, some only when a lost connection ends."""
        for machine in self.sky.machines.values():
            machine.heard = False
        self._pass(seconds)
        for machine, more in zip(self.sky.machines.values(), late, strict=True):
            machine.heard, machine.next = True, self.sky.clock.now + more
        self._pass(60)

    @rule(which=st.integers(0, 1))
    def a_process_is_killed(self, which: int) -> None:
        self.processes[which] = self._process()

    @rule(which=st.integers(0, 1), request=st.integers(0, 4), seconds=st.sampled_from([6, 20, 60]))
    def a_process_is_stopped_within_a_round(self, which: int, request: int, seconds: int) -> None:
        """Before any of its requests; the other one goes on."""
        left = request
        other = self.processes[1 - which]

        def halt() -> None:
            nonlocal left
            left -= 1
            if left == -1:
                self.halt = lambda: None
                for _ in range(seconds // 5):
                    self.sky.pass_by(5)
                    with suppress(CallError):
                        other.round()

        self.halt = halt
        with suppress(CallError):
            self.processes[which].round()
        self.halt = lambda: None

    @rule(method=st.sampled_from(["PUT", "PATCH", "GET", "POST"]))
    def an_answer_is_lost(self, method: str) -> None:
        self.lost = method
        self._pass(5)
        self.lost = ""

    @rule()
    def a_dead_node_is_taken_out_when_all_is_calm(self) -> None:
        self._pass(240)
        dead = {name for name, machine in self.sky.machines.items() if not machine.runs}
        assert set(self.sky.cluster.tainted()) == dead


Processes.TestCase.settings = settings(
    max_examples=40, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestProcesses = Processes.TestCase
