"""Every fault that a cloud has in store: silent recovery or a clear error, and the next update finishes.

The tests follow one stack through its life, in the order of the file; those of a cluster that failed at birth have
one each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.openstack.cloud import OpenStackBed
from testbed.openstack.faults import Answer
from tests.support.magnum import Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-faults-k8s", workers=2)
    yield made
    made.run("destroy")


def test_the_first_up_survives_what_clouds_do(stack: Stack) -> None:
    """The 404 before Magnum has its row, server errors, rate limits, nodes that join late."""
    began = time.time()
    answers = (
        Answer(500, method="GET", path="/clusters/"),
        Answer(429, method="GET", path="/certificates/", retry_after=1),
        Answer(429, count=2, service="nova", method="POST", path="/metadata", retry_after=1),
        Answer(500, service="nova", method="POST", path="/metadata"),
    )
    with stack.cloud.faults(row_seconds=3, join_seconds=8, answers=answers):
        stack.up()
    assert stack.written("POST", r"/clusters$", began) == 1
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2)


def test_scaling_happens_in_place_however_slow_heat_is(stack: Stack) -> None:
    (before,) = stack.clusters()
    stack.describe(nodeCount=4)
    assert stack.changes() == dict.fromkeys(("cluster", "access", "node-labels", "landb-aliases"), "update")
    with stack.cloud.faults(heat_seconds=3, scale_seconds=4, join_seconds=5):
        stack.up()
    assert [cluster.id for cluster in stack.clusters()] == [before.id]
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2, node2=3, node3=4)
    assert stack.changes() == {}


def test_a_second_scaling_does_not_end_on_the_first_ones_status(stack: Stack) -> None:
    stack.describe(nodeCount=5)
    with stack.cloud.faults(heat_seconds=5):
        stack.up()
    assert len(stack.aliases()) == 6
    assert stack.changes() == {}


def test_a_server_in_error_is_named_and_the_next_up_finishes(stack: Stack) -> None:
    broken = stack.server("-node-2").name
    stack.cloud.fail_server(broken)
    stack.describe(nodeCount=6)
    assert broken in stack.fails()
    stack.cloud.repair_server(broken)
    stack.up()
    assert stack.changes() == {}
    assert len(stack.aliases()) == 7


def test_destroying_leaves_nothing(stack: Stack) -> None:
    stack.destroy()


@pytest.fixture
def failed(cloud: OpenStackBed, tmp_path: Path) -> Iterator[Stack]:
    """A stack whose cluster failed at birth."""
    made = make(cloud, tmp_path, "panda-failed-k8s", workers=1)
    with cloud.faults(create_failed="Resource CREATE failed: no valid host"):
        assert "no valid host" in made.fails()
    yield made
    made.run("destroy")
    assert not made.clusters()


def test_the_next_up_makes_a_failed_cluster_anew(failed: Stack) -> None:
    (before,) = failed.clusters()
    assert before.status == "CREATE_FAILED"
    failed.up()
    (after,) = failed.clusters()
    assert after.status == "CREATE_COMPLETE"
    assert failed.changes() == {}


def test_one_destroy_removes_a_failed_cluster(failed: Stack) -> None:
    failed.destroy()
