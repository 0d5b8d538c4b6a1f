"""A Magnum cluster as it is beside its description in the stack file, and its aliases beside those wanted."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.live.in_cloud import AliasStatus, alias_statuses, cluster_status
from panda_infra.plan.make import make_plan
from tests.support.stacks import stack
from tests.unit.cluster.magnum.test_preflight import DESCRIBED, cluster, make
from tests.unit.provider.fakes import FakeOpenStack, World

_HOST = {"panda": "panda.cern.ch"}


@pytest.fixture
def openstack() -> FakeOpenStack:
    made = FakeOpenStack(World())
    make(made)
    return made


def aliases(openstack: FakeOpenStack, **described: Any) -> list[AliasStatus]:
    plan = make_plan(
        "doma", stack(cluster=DESCRIBED | described, hosts=_HOST, components={"msgsvc": {}, "panda": {}})
    )
    return list(alias_statuses(plan, openstack, list(openstack.world.nodes.values())))


def write(openstack: FakeOpenStack, node: str, value: str) -> None:
    openstack.set_metadata(openstack.world.nodes[node].server, {"landb-alias": value})


def workers(openstack: FakeOpenStack) -> list[str]:
    return sorted(name for name in openstack.world.nodes if "-node-" in name)


def test_a_cluster_is_shown_with_its_groups(openstack: FakeOpenStack) -> None:
    found = cluster_status(cluster(), openstack)
    assert (found.name, found.status) == ("panda-doma-k8s", "CREATE_COMPLETE")
    assert {group.role: (group.live, group.wanted) for group in found.groups} == {
        "master": (1, 1),
        "worker": (4, 4),
    }
    assert list(found.problems()) == []


def test_a_cluster_of_another_size_is_reported(openstack: FakeOpenStack) -> None:
    (problem,) = cluster_status(cluster(nodeCount=5), openstack).problems()
    assert "has 4 nodes, the stack wants 5" in problem
    left = cluster_status(cluster(nodeCount=5, nodeCounts="autoscaler"), openstack)
    assert list(left.problems()) == []
    assert {group.role: group.wanted for group in left.groups} == {"master": 1, "worker": None}


def test_a_cluster_that_is_missing_or_has_failed_is_reported(openstack: FakeOpenStack) -> None:
    assert list(cluster_status(cluster(name="panda-other"), openstack).problems()) == [
        "cluster panda-other is not there"
    ]
    openstack.world.failure = "quota exceeded"
    (made,) = openstack.world.clusters
    openstack.resize_node_group(made, openstack.world.groups[made][1].id, 4)
    for _ in range(4):
        openstack.cluster(made)
    (problem,) = cluster_status(cluster(), openstack).problems()
    assert "FAILED" in problem
    assert "quota exceeded" in problem


def test_aliases_that_are_written_as_wanted_are_right(openstack: FakeOpenStack) -> None:
    for number, name in enumerate(workers(openstack), start=1):
        write(openstack, name, f"panda--load-{number}-,others--load-1-")
    found = aliases(openstack)
    assert [one.written for one in found] == [(f"panda--load-{number}-",) for number in (1, 2, 3, 4)]
    assert [text for one in found for text in one.problems("doma")] == []


def test_aliases_that_are_not_written_and_those_of_a_broken_node_are_reported(
    openstack: FakeOpenStack,
) -> None:
    first, second, *_ = workers(openstack)
    write(openstack, first, "panda--load-1-")
    openstack.world.node(first, ready=False)
    found = {one.server: one for one in aliases(openstack)}
    assert (found[first].wanted, found[first].written) == ((), ("panda--load-1-",))
    (text,) = found[second].problems("doma")
    assert text == (
        f"server {second} carries the aliases none, wanted are panda--load-2-: `pulumi up --refresh --stack doma` "
        "writes them"
    )


@pytest.mark.parametrize(("owner", "wanted"), [("standby", ()), ("controller", ("panda--load-7-",))])
def test_who_else_writes_aliases_is_minded(
    openstack: FakeOpenStack, owner: str, wanted: tuple[str, ...]
) -> None:
    first, *_ = workers(openstack)
    write(openstack, first, "panda--load-7-")
    found = {one.server: one for one in aliases(openstack, aliases=owner)}
    assert found[first].written == ("panda--load-7-",)
    assert found[first].wanted == wanted
