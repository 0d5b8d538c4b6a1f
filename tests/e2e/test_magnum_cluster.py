"""The life of a Magnum cluster with the real engine and real OpenStack services, in the order of the file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from panda_infra.live.access import reach
from panda_infra.plan.make import make_plan
from panda_infra.stacks.pulumi import Pulumi
from panda_infra.teardown.destroy import destroy, settled_residue
from panda_infra.teardown.residue import residue
from testbed import waiting
from testbed.openstack.cloud import OpenStackBed
from tests.support.magnum import HOSTS, Stack, make, numbered
from tests.support.stacks import stack as valid_stack

pytestmark = [pytest.mark.e2e, pytest.mark.long]

INGRESS = "/api/v1/namespaces/kube-system/configmaps/cern-magnum-ingress-nginx-controller"


@pytest.fixture(scope="module")
def stack(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-life-k8s", workers=2)
    yield made
    made.run("destroy")


def test_a_preview_without_a_cluster_shows_the_complete_plan(stack: Stack) -> None:
    result = stack.run("preview", "--diff")
    assert result.code == 0, result.text
    for text in (
        "openstack:compute/keypair:Keypair",
        "panda-magnum:index:Cluster",
        "(new node 2)",
        "ConfigMapPatch",
    ):
        assert text in result.text
    assert "panda-life--load-2-,bigmon-life--load-2-" in result.text
    assert not stack.clusters()


def test_the_first_up_leaves_a_cluster_that_is_ready_for_work(stack: Stack, tmp_path: Path) -> None:
    stack.up()
    assert stack.aliases() == numbered(master0=None, node0=1, node1=2)
    api = stack.api(tmp_path)
    roles = {
        node["metadata"]["name"]: node["metadata"]["labels"].get("role") for node in api.list("/api/v1/nodes")
    }
    assert {role for name, role in roles.items() if "-node-" in name} == {"ingress"}
    assert {role for name, role in roles.items() if "-master-" in name} == {None}
    settings = api.get(INGRESS)["data"]
    assert settings["allow-snippet-annotations"] == "true"
    assert settings["hide-headers"] == "Server,X-Powered-By"


def test_nothing_changes_without_a_change(stack: Stack) -> None:
    began = time.time()
    assert stack.changes("--expect-no-changes") == {}
    stack.up()
    assert stack.written("POST|PATCH|DELETE", r"/(clusters|metadata|os-keypairs)", began) == 0


def test_the_state_holds_no_key_in_the_clear(stack: Stack) -> None:
    state = stack.workspace.exported_state()
    assert "client-key-data" not in state
    assert "BEGIN" not in state.replace("BEGIN CERTIFICATE", "")


@pytest.mark.parametrize(
    ("change", "alternative"),
    [
        ({"flavor": "m2.xlarge"}, "node group"),
        ({"labels": {"ingress_controller": "traefik"}}, "second cluster"),
        ({"keypair": "panda-other"}, "second cluster"),
        ({"name": "panda-other-k8s"}, "second cluster"),
    ],
)
def test_a_replacement_is_refused_before_anything_happens(
    stack: Stack, change: dict[str, Any], alternative: str
) -> None:
    good = stack.workspace.stack_file.read_text()
    began = time.time()
    stack.describe(**change)
    assert alternative in stack.fails()
    assert stack.written("POST|PUT|PATCH|DELETE", r"/(clusters|servers|os-keypairs)", began) == 0
    stack.workspace.stack_file.write_text(good)


def test_destroying_leaves_nothing(stack: Stack) -> None:
    stack.destroy()


def test_adopting_a_cluster_changes_nothing(cloud: OpenStackBed, tmp_path: Path) -> None:
    first = make(cloud, tmp_path / "first", "panda-adopted", workers=1)
    first.up()
    (before,) = first.clusters()
    second = make(cloud, tmp_path / "second", "panda-adopted", workers=1)
    assert "already" in second.fails()
    second.describe(adopt=True, publicKey=None)
    second.up()
    assert second.changes() == {}
    (after,) = second.clusters()
    assert (after.id, after.updated_at) == (before.id, before.updated_at)
    first.destroy()


def test_a_cluster_that_was_deleted_by_hand_is_forgotten_and_nothing_is_left(
    cloud: OpenStackBed, tmp_path: Path
) -> None:
    made = make(cloud, tmp_path, "panda-by-hand", workers=1)
    made.up()
    described = yaml.safe_load(made.workspace.stack_file.read_text())["config"]["panda-infra:cluster"]
    hosts = {"panda": HOSTS[0]}
    config = valid_stack(cluster=described, hosts=hosts, namespace="inside", lifecycle={"protect": False})
    plan = make_plan("test", config)
    with mock.patch.dict(os.environ, made.workspace.environment() | cloud.environment()):
        assert {leftover.kind for leftover in residue(plan, reach(config))} == {
            "ConfigMap key",
            "LanDB aliases",
            "Namespace",
            "cluster",
            "keypair",
            "node label",
            "server",
        }
        (cluster,) = made.clusters()
        cloud.connection().container_infrastructure_management.delete_cluster(cluster)
        waiting.until(lambda: not made.clusters(), "the end of the cluster", seconds=60)
        access = reach(config)
        assert access.kubernetes is None
        destroy(plan, access, Pulumi("pulumi", made.workspace.folder), print)
        assert settled_residue(plan, access) == []
