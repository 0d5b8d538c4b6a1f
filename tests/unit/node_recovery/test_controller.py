"""Whole rounds against an API in memory: who writes, and what."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from panda_infra.clients.pod.kubernetes import CallError
from panda_infra.node_recovery import controller as module
from panda_infra.node_recovery import lease as lease_module
from panda_infra.node_recovery.confirmation import unconfirmed
from panda_infra.node_recovery.controller import Controller
from panda_infra.node_recovery.decision import Limits
from panda_infra.node_recovery.lease import Hold
from panda_infra.node_recovery.sight import MARK, TAINT

LIMITS = Limits(silent_for=40, share=40, apart=10)


class Clock:
    """The time of all processes of a test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000 + self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for each in (module, lease_module):
        monkeypatch.setattr(each, "time", made)
    return made


class Cluster:
    """Nodes, their heartbeats and one Lease, with resource versions as an API server has them."""

    def __init__(self, *names: str) -> None:
        self.version = 0
        self.nodes = {
            name: self._stamped({"metadata": {"name": name}, "status": _ready("True")}) for name in names
        }
        self.beats = dict.fromkeys(names, "a")
        self.lease: dict[str, Any] | None = None
        self.written: list[tuple[str, Any]] = []
        self.down = False

    def _stamped(self, body: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        return body

    def kill(self, name: str) -> None:
        self.nodes[name]["status"] = _ready("Unknown")
        self._stamped(self.nodes[name])

    def revive(self, name: str) -> None:
        self.nodes[name]["status"] = _ready("True")
        self._stamped(self.nodes[name])

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        if self.down:
            raise CallError(f"{method} {path}: no answer")
        if path == "/api/v1/nodes":
            return {"items": deepcopy(list(self.nodes.values()))}
        if path.endswith("kube-node-lease/leases"):
            self._beat()
            return {
                "items": [
                    {"metadata": {"name": name}, "spec": {"renewTime": at}} for name, at in self.beats.items()
                ]
            }
        if "/leases" in path:
            return self._leased(method, body)
        return self._patched(path.rpartition("/")[2], body)

    def _beat(self) -> None:
        """The kubelets of nodes that are ready report between any two looks."""
        self.version += 1
        alive = (name for name, node in self.nodes.items() if node["status"] == _ready("True"))
        self.beats |= dict.fromkeys(alive, str(self.version))

    def _leased(self, method: str, body: Any) -> Any:
        if method == "GET":
            if self.lease is None:
                raise CallError("none", 404)
            return deepcopy(self.lease)
        given = body["metadata"].get("resourceVersion")
        if (self.lease["metadata"]["resourceVersion"] if self.lease else None) != given:
            raise CallError("conflict", 409)
        self.lease = self._stamped(deepcopy(body))
        return self.lease

    def _patched(self, name: str, body: Any) -> Any:
        node = self.nodes[name]
        if node["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise CallError("conflict", 409)
        self.written.append((name, body))
        node.setdefault("spec", {}).update(body["spec"])
        node["metadata"].setdefault("annotations", {}).update(body["metadata"]["annotations"])
        node["metadata"]["annotations"] = {
            k: v for k, v in node["metadata"]["annotations"].items() if v is not None
        }
        return self._stamped(node)

    def tainted(self) -> list[str]:
        return [
            name
            for name, node in self.nodes.items()
            if any(taint["key"] == TAINT for taint in node.get("spec", {}).get("taints", ()))
        ]


def _ready(status: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status}]}


def process(cluster: Cluster, name: str = "one", **options: Any) -> Controller:
    return Controller(cluster, unconfirmed, LIMITS, Hold(cluster, "panda", name), **options)


def run(clock: Clock, seconds: float, *processes: Controller) -> None:
    """Rounds of all processes every five seconds; only living nodes are to be given new heartbeats before."""
    for _ in range(int(seconds / 5)):
        clock.now += 5
        for each in processes:
            each.round()


def test_a_dead_node_is_taken_out_once_and_given_back(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")
    cluster.nodes["a"]["spec"] = {"taints": [{"key": "mine", "effect": "NoSchedule"}]}
    one = process(cluster)
    run(clock, 10, one)
    cluster.kill("a")
    run(clock, 25, one)
    assert cluster.tainted() == []
    run(clock, 60, one)
    assert cluster.tainted() == ["a"]
    assert len(cluster.written) == 1
    assert {"key": "mine", "effect": "NoSchedule"} in cluster.nodes["a"]["spec"]["taints"]
    assert MARK in cluster.nodes["a"]["metadata"]["annotations"]
    cluster.revive("a")
    run(clock, 20, one)
    assert cluster.nodes["a"]["spec"]["taints"] == [{"key": "mine", "effect": "NoSchedule"}]
    assert cluster.nodes["a"]["metadata"]["annotations"] == {}
    assert len(cluster.written) == 2


def test_two_processes_write_once(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")
    one, two = process(cluster, "one"), process(cluster, "two")
    cluster.kill("a")
    run(clock, 120, one, two)
    assert [name for name, _ in cluster.written] == ["a"]


def test_the_second_process_takes_over_without_watching_anew(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")
    one, two = process(cluster, "one"), process(cluster, "two")
    run(clock, 10, one, two)
    cluster.kill("a")
    run(clock, 30, one, two)
    assert cluster.tainted() == []
    run(clock, 20, two)
    assert cluster.tainted() == ["a"]


def test_a_lease_that_is_left_is_free_at_once(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")
    one, two = process(cluster, "one"), process(cluster, "two")
    run(clock, 5, one, two)
    assert one.hold
    one.hold.give_up()
    run(clock, 5, two)
    assert cluster.lease
    assert cluster.lease["spec"]["holderIdentity"] == "two"


def test_nothing_is_done_when_all_go_silent_or_the_api_does(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")
    one = process(cluster)
    for name in ("a", "b", "c"):
        cluster.kill(name)
    run(clock, 300, one)
    assert cluster.written == []
    cluster.revive("b")
    cluster.revive("c")
    cluster.down = True
    for _ in range(20):
        clock.now += 5
        with pytest.raises(CallError):
            one.round()
    cluster.down = False
    run(clock, 30, one)
    assert cluster.written == []


def test_the_last_node_that_comes_back_after_a_fault_of_the_network_is_not_dead_alone(clock: Clock) -> None:
    names = [f"n{number}" for number in range(6)]
    cluster = Cluster(*names)
    one, two = process(cluster, "one"), process(cluster, "two")
    for name in names:
        cluster.kill(name)
    run(clock, 300, one, two)
    for name in names[:-1]:
        cluster.revive(name)
        run(clock, 5, one, two)
    run(clock, 20, one, two)
    assert cluster.written == []
    run(clock, 60, two)
    assert [name for name, _ in cluster.written] == ["n5"]


def test_a_mark_by_a_clock_that_is_ahead_does_not_hold_the_next_node_back(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c", "d", "e")
    cluster.kill("a")
    cluster.nodes["a"]["metadata"]["annotations"] = {MARK: str(clock.time() + 1e6)}
    cluster.nodes["a"]["spec"] = {"taints": [{"key": TAINT, "effect": "NoExecute"}]}
    cluster.kill("b")
    run(clock, 60, process(cluster))
    assert cluster.tainted() == ["a", "b"]


def test_a_node_that_comes_back_in_between_is_not_written(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")

    def confirm(_node: Any, _ready: Any) -> str:
        cluster.revive("a")
        return ""

    one = Controller(cluster, confirm, LIMITS, Hold(cluster, "panda", "one"))
    cluster.kill("a")
    run(clock, 60, one)
    assert cluster.written == []


def test_a_slow_answer_of_the_cloud_ends_the_right_to_write(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")

    def confirm(_node: Any, _ready: Any) -> str:
        clock.now += 11
        return ""

    one = Controller(cluster, confirm, LIMITS, Hold(cluster, "panda", "one"))
    cluster.kill("a")
    run(clock, 60, one)
    assert cluster.written == []


def test_a_dry_run_writes_nothing(clock: Clock) -> None:
    cluster = Cluster("a", "b", "c")
    dry = Controller(cluster, unconfirmed, LIMITS, None, dry_run=True)
    cluster.kill("a")
    run(clock, 60, dry)
    assert dry.round().out == ("a",)
    assert cluster.written == []
    assert cluster.lease is None
