"""Labels and LanDB aliases of nodes that come and go, and of which others write the metadata too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import nodes, waiting
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.faults import Answer
from tests.support.magnum import HOSTS, Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NOT_READY = "testbed.panda-infra/not-ready"
DEPLOYMENTS = "/apis/apps/v1/namespaces/kube-system/deployments"
NODES = "/api/v1/nodes"
CONTROLLER = "landb-alias-controller"
OWNER = "panda-infra-owner"


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Four workers, labelled and aliased."""
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-nodes-k8s", workers=4)
    made.up()
    assert made.aliases() == numbered(master0=None, node0=1, node1=2, node2=3, node3=4)
    yield made
    made.run("destroy")


def test_a_node_that_comes_back_under_another_name(stack: Stack) -> None:
    stack.cloud.replace_server(stack.clusters()[0].id, stack.server("-node-1").name)
    assert stack.changes() == dict.fromkeys(("node-labels", "landb-aliases"), "update")
    stack.up()
    assert stack.aliases() == numbered(master0=None, node0=1, node4=2, node2=3, node3=4)


def test_scaling_labels_and_aliases_the_new_nodes(stack: Stack, tmp_path: Path) -> None:
    (before,) = stack.clusters()
    node = f"{NODES}/{stack.server('-node-0').name}"
    api = stack.api(tmp_path)
    api.merge(node, {"metadata": {"labels": {"theirs": "too"}}})
    stack.describe(nodeCount=6)
    shown = stack.run("preview", "--diff")
    assert re.search(r"\+ \(new node 2\) *: \"panda-life--load-6-", shown.text), shown.text
    stack.up()
    assert [cluster.id for cluster in stack.clusters()] == [before.id]
    assert stack.aliases() == numbered(master0=None, node0=1, node4=2, node2=3, node3=4, node5=5, node6=6)
    assert api.get(node)["metadata"]["labels"].items() >= {"theirs": "too", "role": "ingress"}.items()
    listed = api.list(NODES)
    labelled = {n["metadata"]["name"] for n in listed if n["metadata"]["labels"].get("role") == "ingress"}
    assert labelled == {n["metadata"]["name"] for n in listed if "-node-" in n["metadata"]["name"]}
    assert stack.changes() == {}


def test_an_alias_removed_by_hand_is_shown_and_repaired(stack: Stack) -> None:
    compute = stack.cloud.connection().compute
    compute.delete_server_metadata(stack.server("-node-3"), ["landb-alias"])
    shown = stack.run("refresh", "--diff")
    assert re.search(r"- \S+-node-3: \"panda-life--load-4-", shown.text), shown.text
    assert stack.changes() == {"landb-aliases": "update"}
    trouble = (Answer(503, service="nova", path="/servers"), Answer(401, service="nova", path="/servers"))
    with stack.cloud.faults(answers=trouble):
        stack.up()
    assert stack.aliases()["node3"] == numbered(node3=4)["node3"]


def test_a_node_that_is_not_ready_is_not_served_and_gets_its_number_back(
    stack: Stack, tmp_path: Path
) -> None:
    api, everything = stack.api(tmp_path), stack.aliases()
    node = f"{NODES}/{stack.server('-node-2').name}"
    api.merge(node, {"metadata": {"annotations": {NOT_READY: "true"}}})
    waiting.until(lambda: not nodes.is_ready(api.get(node)), "the node being down", seconds=60)
    assert stack.changes() == {"landb-aliases": "update"}
    stack.up()
    assert stack.aliases() == everything | numbered(node2=None)
    api.merge(node, {"metadata": {"annotations": {NOT_READY: None}}})
    waiting.until(lambda: nodes.is_ready(api.get(node)), "the node being back", seconds=60)
    stack.up()
    assert stack.aliases() == everything


def test_many_aliases_take_several_values(stack: Stack) -> None:
    more = [
        f"panda-life-production-{part}.cern.ch" for part in ("mq", "iam", "argocd", "monitor", "idds", "ui")
    ]
    stack.describe(aliasHosts=more, aliasOffset=10)
    assert stack.changes() == {"landb-aliases": "update"}
    stack.up()
    carried = stack.server("-node-0").metadata
    assert carried.keys() == {"landb-alias", "landb-alias2", OWNER}
    entries = [entry for key in sorted(carried.keys() - {OWNER}) for entry in carried[key].split(",")]
    assert entries == [f"{host.split('.')[0]}--load-11-" for host in [*HOSTS, *more]]
    stack.describe(aliasHosts=[], aliasOffset=0)
    stack.up()
    assert stack.server("-node-0").metadata.keys() == {"landb-alias", OWNER}
    # Who has a number keeps it, whatever the offset is by now.
    assert stack.aliases()["node0"] == numbered(node0=11)["node0"]


def test_foreign_metadata_stays(stack: Stack) -> None:
    ours = stack.aliases()["node0"]
    stack.write_metadata("-node-0", landb_alias="other--load-9-", landb_alias2=ours or "")
    assert stack.changes() == {}
    stack.up("--refresh")
    kept = stack.server("-node-0").metadata
    assert (kept["landb-alias"], kept["landb-alias2"]) == ("other--load-9-", ours)


def test_a_second_writer_of_the_aliases_is_reported_and_its_work_undone(stack: Stack) -> None:
    """As a script does that numbers the nodes anew, in the metadata as it finds it, between two updates."""
    ours = stack.aliases()["node3"] or ""
    stack.write_metadata("-node-3", landb_alias="panda-life--load-7-,theirs--load-1-")
    server = stack.server("-node-3").name
    reported = stack.up()
    assert f"{server} carries panda-life--load-7-" in reported
    assert f"was given {ours.replace(',', ', ')}" in reported
    assert "something else writes the same aliases" in reported
    assert "pulumi up --refresh" in reported
    assert "bigmon-life" not in (stack.aliases()["node3"] or "")
    reported = stack.up("--refresh")
    assert "something else writes the same aliases" in reported
    assert stack.aliases()["node3"] == f"theirs--load-1-,{ours}"
    unchanged = stack.run("preview", "--expect-no-changes")
    assert unchanged.code == 0, unchanged.text
    assert "something else" not in unchanged.text


def test_cerns_controller_in_the_cluster_is_refused_as_a_second_writer(stack: Stack, tmp_path: Path) -> None:
    api, labels = stack.api(tmp_path), {"app": CONTROLLER}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    api.create(DEPLOYMENTS, {"metadata": {"name": CONTROLLER}, "spec": spec})
    before = stack.aliases()
    reported = stack.fails()
    assert f"{CONTROLLER} runs in namespace kube-system" in reported
    assert "cluster.aliases: controller" in reported
    assert stack.aliases() == before
    stack.describe(aliases="controller")
    assert stack.changes() == {"landb-aliases": "delete"}
    stack.up()
    # What is not ours is the controller's.
    assert {value for value in stack.aliases().values() if value} == {"other--load-9-", "theirs--load-1-"}
    assert stack.changes() == {}


def test_the_program_takes_the_aliases_back(stack: Stack, tmp_path: Path) -> None:
    stack.api(tmp_path).delete(f"{DEPLOYMENTS}/{CONTROLLER}")
    stack.describe(aliases="program")
    stack.up()
    assert all(stack.aliases()[f"node{index}"] for index in (0, 2, 3, 4, 5, 6))
    assert stack.changes() == {}


def test_destroying_leaves_nothing(stack: Stack) -> None:
    stack.destroy()
