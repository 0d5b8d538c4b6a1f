"""What is done about nodes, for any look at a cluster."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.node_recovery.decision import Decision, Limits, Node, decide

LIMITS = Limits(silent_for=40, share=40, apart=10)
CALM = math.inf


def cluster(*special: Node, healthy: int) -> list[Node]:
    return [*special, *(Node(f"healthy-{number}", ready=True) for number in range(healthy))]


def dead(name: str = "dead", **changed: object) -> Node:
    return Node(**{"name": name, "ready": False, "silent_for": 60.0, **changed})  # type: ignore[arg-type]


def test_a_dead_node_is_suspect() -> None:
    assert decide(cluster(dead(), healthy=3), LIMITS, CALM) == Decision(("dead",), 1)


def test_a_kubelet_that_still_reports_is_not_dead() -> None:
    """Its kubelet reports that it is not ready, and can still end its pods."""
    assert decide(cluster(dead(silent_for=12), healthy=3), LIMITS, CALM) == Decision()


def test_a_node_that_is_ready_is_left_alone_however_long_its_heartbeat_was_not_seen() -> None:
    assert decide(cluster(Node("slow", ready=True, silent_for=500), healthy=3), LIMITS, CALM) == Decision()


def test_who_has_put_the_taint_there_does_not_matter() -> None:
    assert decide(cluster(dead(out_of_service=True), healthy=3), LIMITS, CALM) == Decision()


def test_a_node_that_is_back_is_given_back_and_that_of_somebody_else_is_not() -> None:
    ours = Node("ours", ready=True, taken_out=500, out_of_service=True)
    theirs = Node("theirs", ready=True, out_of_service=True)
    assert decide(cluster(ours, theirs, healthy=1), LIMITS, CALM) == Decision(back=("ours",))


def test_nodes_are_taken_out_one_after_the_other() -> None:
    first = dead("first", taken_out=4, out_of_service=True)
    found = decide(cluster(first, dead("second"), healthy=4), LIMITS, CALM)
    assert (found.suspects, found.room) == (("second",), 0)
    assert "less than 10 s ago" in found.why
    first = dead("first", taken_out=10, out_of_service=True)
    assert decide(cluster(first, dead("second"), healthy=4), LIMITS, CALM).room == 1


def test_the_last_of_many_that_were_down_may_be_on_its_way_back() -> None:
    found = decide(cluster(dead(silent_for=300), healthy=5), LIMITS, 59)
    assert (found.suspects, found.room) == ((), 0)
    assert "more than 2 of 6 workers were down 59 s ago" in found.why
    assert decide(cluster(dead(silent_for=300), healthy=5), LIMITS, 60).room == 1
    long = Limits(silent_for=300, share=40, apart=10)
    assert decide(cluster(dead(silent_for=300), healthy=5), long, 299).suspects == ()


def test_many_are_down_when_kubernetes_says_so_or_two_heartbeats_are_missing() -> None:
    late, silent = (Node(f"silent-{number}", ready=True, silent_for=number) for number in (19, 20))
    assert LIMITS.many_down(cluster(dead("a"), dead("b"), silent, healthy=3))
    assert not LIMITS.many_down(cluster(dead("a"), dead("b"), late, healthy=3))
    assert not LIMITS.many_down(cluster(dead("a"), dead("b", control_plane=True), silent, healthy=4))


def test_nothing_happens_when_more_are_down_than_may_be() -> None:
    found = decide(cluster(dead("a"), dead("b"), healthy=2), LIMITS, CALM)
    assert (found.suspects, found.room) == ((), 0)
    assert "2 of 4 workers are not ready or silent" in found.why


def test_the_first_node_that_kubernetes_calls_not_ready_is_not_dead_alone_when_all_are_silent() -> None:
    """Heartbeats are spread over ten seconds, and so is what Kubernetes makes of their end."""
    others = [Node(f"silent-{number}", ready=True, silent_for=32) for number in range(5)]
    found = decide([dead(silent_for=41), *others], LIMITS, CALM)
    assert found.suspects == ()
    assert "6 of 6 workers" in found.why
    long = Limits(silent_for=300, share=40, apart=10)
    assert decide([dead(silent_for=301), *others], long, CALM).suspects == ()
    quick = Limits(silent_for=12, share=40, apart=10)
    just_begun = [Node(f"silent-{number}", ready=True, silent_for=12) for number in range(5)]
    assert decide([dead(silent_for=12), *just_begun], quick, CALM).suspects == ()


def test_heartbeats_that_are_on_their_way_are_no_silence() -> None:
    others = [Node(f"well-{number}", ready=True, silent_for=15) for number in range(5)]
    assert decide([dead(), *others], LIMITS, CALM).room == 1


def test_a_master_is_never_taken_out_and_does_not_count() -> None:
    master = dead("master", control_plane=True)
    assert decide(cluster(master, dead(), healthy=2), LIMITS, CALM).suspects == ("dead",)
    assert decide(cluster(master, healthy=3), LIMITS, CALM) == Decision()


def test_the_only_worker_stays() -> None:
    assert decide([dead(), dead("master", control_plane=True)], LIMITS, CALM).suspects == ()


nodes = st.lists(
    st.builds(
        Node,
        name=st.uuids().map(str),
        ready=st.booleans(),
        silent_for=st.floats(0, 1000),
        taken_out=st.none() | st.floats(0, 100),
        out_of_service=st.booleans(),
        control_plane=st.booleans(),
    ),
    max_size=12,
)
limits = st.builds(Limits, silent_for=st.floats(10, 600), share=st.integers(1, 50), apart=st.floats(0, 60))


@given(nodes, limits)
def test_whatever_is_seen_no_more_is_done_than_may_be(seen: list[Node], given_limits: Limits) -> None:
    found = decide(seen, given_limits, CALM)
    by_name = {node.name: node for node in seen}
    workers = [node for node in seen if not node.control_plane]
    for name in found.suspects:
        node = by_name[name]
        assert not node.ready
        assert not node.control_plane
        assert not node.out_of_service
        assert node.silent_for >= given_limits.silent_for
    if found.suspects:
        down = sum(not node.ready or node.silent_for >= given_limits.silent_for for node in workers)
        assert down < len(workers)
        assert down <= max(1, len(workers) * given_limits.share / 100)
    for name in found.back:
        assert by_name[name].ready
        assert by_name[name].taken_out is not None
    assert found.room in (0, 1, len(found.suspects))
    assert not set(found.suspects) & set(found.back)


@given(nodes, limits)
def test_nothing_is_taken_out_when_all_go_silent(seen: list[Node], given_limits: Limits) -> None:
    silent = [Node(node.name, ready=node.ready, silent_for=1e6) for node in seen]
    assert decide(silent, given_limits, CALM).suspects == ()
