"""More node groups of a Magnum cluster: made, labelled, aliased, scaled in place, removed.

The tests follow one stack through its life, in the order of the file. Its name is longer than what Magnum keeps of
it in the names of an added group's servers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import waiting
from testbed.openstack_bed.cloud import OpenStackBed
from tests.support.magnum import Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SERVED = {"cluster", "access", "node-labels", "landb-aliases"}
API = {"OpenStack-API-Version": "container-infra 1.9"}


def group(name: str, count: int, flavor: str = "m2.xlarge") -> dict[str, Any]:
    return {"name": name, "flavor": flavor, "count": count}


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stacks")
    made = make(cloud, folder, "panda-doma-production-k8s", workers=1, groups=[group("memory", 1)])
    yield made
    made.run("destroy")


def groups(stack: Stack) -> dict[str, int]:
    """The node groups that Magnum has beside the default ones, and their sizes."""
    magnum, (cluster,) = stack.cloud.connection().container_infrastructure_management, stack.clusters()
    found = magnum.get(f"/clusters/{cluster.id}/nodegroups", headers=API).json()["nodegroups"]
    return {one["name"]: one["node_count"] for one in found if not one["is_default"]}


def labelled(stack: Stack, folder: Path) -> dict[str, tuple[str | None, str]]:
    """Each node's label `role` and number of cores, by its name."""
    return {
        node["metadata"]["name"]: (
            node["metadata"]["labels"].get("role"),
            node["status"]["capacity"]["cpu"],
        )
        for node in stack.api(folder).list("/api/v1/nodes")
    }


def test_a_cluster_comes_with_its_groups(stack: Stack, tmp_path: Path) -> None:
    planned = stack.run("preview", "--diff").text
    assert "(new node 2)" in planned
    assert "(new node 3)" not in planned
    stack.up()
    assert groups(stack) == {"memory": 1}
    assert stack.aliases() == numbered(master0=None, node0=2, memorynode0=1)
    nodes = labelled(stack, tmp_path)
    assert sorted(nodes.values(), key=str) == [("ingress", "4"), ("ingress", "8"), (None, "2")]
    assert stack.changes() == {}


def test_a_group_is_scaled_in_place(stack: Stack) -> None:
    (before,) = stack.clusters()
    stack.describe(nodeGroups=[group("memory", 3)])
    assert stack.changes() == dict.fromkeys(SERVED, "update")
    with stack.cloud.faults(heat_seconds=2, join_seconds=4):
        stack.up()
    assert [cluster.id for cluster in stack.clusters()] == [before.id]
    assert stack.aliases() == numbered(master0=None, node0=2, memorynode0=1, memorynode1=3, memorynode2=4)
    assert stack.changes() == {}


def test_another_flavor_for_a_group_is_refused(stack: Stack) -> None:
    with stack.described(nodeGroups=[group("memory", 3, flavor="m2.2xlarge")]):
        assert "cannot change the flavor of group memory" in stack.fails()
    assert groups(stack) == {"memory": 3}


def test_a_groups_server_in_error_is_named(stack: Stack) -> None:
    broken = stack.server("-node-2").name
    assert "-memory-" in broken
    stack.cloud.fail_server(broken)
    stack.describe(nodeCount=2)
    assert broken in stack.fails()
    stack.cloud.repair_server(broken)
    stack.up()
    assert stack.aliases()["node1"] == numbered(node1=5)["node1"]


def test_one_group_takes_the_place_of_another(stack: Stack, tmp_path: Path) -> None:
    kept = {node: value for node, value in stack.aliases().items() if "memory" not in node}
    stack.describe(nodeGroups=[group("cpu", 2, flavor="m2.2xlarge")])
    stack.up()
    assert groups(stack) == {"cpu": 2}
    assert stack.aliases() == kept | numbered(cpunode0=1, cpunode1=3)
    assert [cores for role, cores in labelled(stack, tmp_path).values() if role].count("16") == 2
    assert stack.changes() == {}


def test_a_group_of_somebody_else_stays(stack: Stack) -> None:
    magnum, (cluster,) = stack.cloud.connection().container_infrastructure_management, stack.clusters()
    path = f"/clusters/{cluster.id}/nodegroups"
    wanted = {"name": "theirs", "node_count": 1, "flavor_id": "m2.large", "merge_labels": True}
    assert magnum.post(path, json=wanted, headers=API).status_code == 202
    waiting.until(
        lambda: (
            "theirsnode0" in stack.aliases()
            and magnum.get(path, headers=API).json()["nodegroups"][-1]["status"].endswith("_COMPLETE")
            and stack.clusters()[0].status == "UPDATE_COMPLETE"
        ),
        "the group of somebody else",
        seconds=120,
    )
    assert stack.changes() == dict.fromkeys(("node-labels", "landb-aliases"), "update")
    stack.up()
    assert stack.changes("--refresh") == {}
    assert groups(stack) == {"cpu": 2, "theirs": 1}


def test_groups_that_nobody_wants_any_more_go(stack: Stack) -> None:
    stack.describe(nodeGroups=[])
    stack.up()
    assert groups(stack) == {"theirs": 1}
    assert stack.aliases() == numbered(master0=None, node0=2, node1=5, theirsnode0=4)
    assert stack.changes() == {}


def test_destroying_leaves_nothing_of_any_group(stack: Stack) -> None:
    assert groups(stack) == {"theirs": 1}
    stack.destroy()
