"""Who holds the Lease, with two processes whose requests take time."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.pod.kubernetes import CallError
from panda_infra.node_recovery import lease as module
from panda_infra.node_recovery.lease import Hold
from tests.unit.node_recovery.test_controller import Clock, Cluster


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def test_a_slow_answer_does_not_shorten_the_lease_of_another_process(clock: Clock) -> None:
    """What the answer shows may have been written just before it, long after the question."""
    cluster = Cluster()
    one = Hold(cluster, "panda", "one")
    assert one.take()

    def slow(method: str, path: str, body: Any = None) -> Any:
        if method == "GET" and slowly:
            clock.now += slowly.pop()
            assert one.take()
        return cluster(method, path, body)

    slowly = [9.0]
    two = Hold(slow, "panda", "two")
    assert not two.take()
    clock.now += 7
    assert not two.take()
    clock.now += 9
    assert two.take()


def test_a_process_that_was_stopped_for_a_minute_holds_nothing(clock: Clock) -> None:
    cluster = Cluster()
    one, two = Hold(cluster, "panda", "one"), Hold(cluster, "panda", "two")
    assert one.take()
    assert not two.take()
    clock.now += 60
    assert not one.is_held
    assert two.take()
    assert not one.take()
    one.give_up()
    assert cluster.lease
    assert cluster.lease["spec"]["holderIdentity"] == "two"


@pytest.mark.usefixtures("clock")
def test_a_lease_is_ours_if_the_answer_to_its_write_is_lost() -> None:
    cluster = Cluster()

    def losing(method: str, path: str, body: Any = None) -> Any:
        answer = cluster(method, path, body)
        if method in lost:
            lost.clear()
            raise CallError("no answer")
        return answer

    hold = Hold(losing, "panda", "one")
    for method in ("POST", "PUT"):
        lost = {method}
        with pytest.raises(CallError):
            hold.take()
        assert hold.take()
        assert hold.is_held
