"""The life of a Magnum cluster with the real engine and real OpenStack services, in the order of the file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.config.secrets import Secrets
from panda_infra.stacks.access import reach
from panda_infra.teardown.destroy import destroy, settled_residue
from panda_infra.teardown.residue import residue
from testbed import waiting
from testbed.openstack_bed import offer
from testbed.openstack_bed.cloud import OpenStackBed
from tests.support.magnum import Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]

INGRESS = "/api/v1/namespaces/kube-system/configmaps/cern-magnum-ingress-nginx-controller"

OWN = {"parent": "component", "provider": "plugin"}


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
        ({"masterFlavor": "m2.large"}, "second cluster"),
        ({"masterCount": 3}, "second cluster"),
        ({"labels": {"ingress_controller": "traefik"}}, "second cluster"),
        ({"keypair": "panda-other"}, "second cluster"),
        ({"name": "panda-other-k8s"}, "second cluster"),
    ],
)
def test_a_replacement_is_refused_before_anything_happens(
    stack: Stack, change: dict[str, Any], alternative: str
) -> None:
    began = time.time()
    with stack.described(**change):
        assert alternative in stack.fails()
    assert stack.written("POST|PUT|PATCH|DELETE", r"/(clusters|servers|os-keypairs)", began) == 0


def test_a_protected_cluster_is_destroyed_by_nobody(stack: Stack) -> None:
    protect(stack, True)
    began = time.time()
    assert "protect" in stack.fails("destroy")
    stack.fails("destroy", "--target", "**:Cluster::*", "--target-dependents")
    assert stack.written("POST|PUT|PATCH|DELETE", r"/(clusters|servers|os-keypairs)", began) == 0
    protect(stack, False)
    assert stack.changes() == {}


def protect(stack: Stack, protected: bool) -> None:
    stack.workspace.configure({"panda-infra:protect": protected})
    stack.up()


def name_of(resource: dict[str, Any]) -> str:
    return str(resource["urn"].rsplit("::", 1)[1])


def test_the_ingress_settings_go_without_a_trace_while_the_cluster_stays(
    stack: Stack, tmp_path: Path
) -> None:
    api = stack.api(tmp_path)
    gone = stack.run("destroy", "--target", "**:ConfigMapPatch::*", "--target-dependents")
    assert gone.code == 0, gone.text
    left = api.get(INGRESS)
    assert left["data"] == {"hide-headers": "Server,X-Powered-By"}
    assert not left["metadata"].get("annotations")
    stack.up()
    assert api.get(INGRESS)["data"]["allow-snippet-annotations"] == "true"


def test_what_the_state_has_lost_is_imported(stack: Stack, tmp_path: Path) -> None:
    """All that this program's own plugin makes; the rest is inside the cluster, or made again by `up`."""
    (before,), aliases = stack.clusters(), stack.aliases()
    known = {one["type"].rsplit(":", 1)[1]: one for one in stack.resources()}
    stack.api(tmp_path).delete("/api/v1/namespaces/inside")
    lost = stack.workspace.pulumi(
        *("state", "delete", known["Cluster"]["urn"], "--target-dependents", "--yes", "--stack", "test")
    )
    assert lost.code == 0, lost.text
    ids = {kind: known[kind]["id"] for kind in ("ClusterAccess", "NodeLabels", "LandbAliases")}
    ids["Cluster"] = before.id
    listed = [
        {"type": known[kind]["type"], "name": name_of(known[kind]), "id": found} | OWN
        for kind, found in ids.items()
    ]
    parents = {"component": known["Magnum"]["urn"], "plugin": known["panda-magnum"]["urn"]}
    file = tmp_path / "import.json"
    file.write_text(json.dumps({"nameTable": parents, "resources": listed}))
    done = stack.run("import", "--file", str(file), "--protect=false", "--generate-code=false")
    assert done.code == 0, done.text
    made = ("volumes", "kubernetes", "ingress-settings", "namespace")
    assert stack.changes() == dict.fromkeys(made, "create") | {"access": "update", "landb-aliases": "update"}
    stack.up()
    (after,) = stack.clusters()
    assert (after.id, after.updated_at) == (before.id, before.updated_at)
    assert stack.aliases() == aliases
    assert stack.changes() == {}


def test_destroying_leaves_nothing(stack: Stack) -> None:
    stack.destroy()


def test_adopting_a_cluster_changes_nothing(cloud: OpenStackBed, tmp_path: Path) -> None:
    first = make(cloud, tmp_path / "first", "panda-adopted", workers=1)
    masters = {"masterCount": 3, "template": offer.MULTI_MASTER_TEMPLATE}
    first.describe(**masters)
    first.up()
    assert first.aliases() == numbered(master0=None, master1=None, master2=None, node0=1)
    (before,) = first.clusters()
    second = make(cloud, tmp_path / "second", "panda-adopted", workers=1)
    second.describe(**masters)
    assert "already" in second.fails()
    second.describe(adopt=True, publicKey=None, **masters)
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
    plan = made.plan()
    with mock.patch.dict(os.environ, made.workspace.environment() | cloud.environment()):
        assert {
            leftover.kind for leftover in residue(plan, reach(plan.stack, plan.config.cluster, Secrets()))
        } == {
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
        access = reach(plan.stack, plan.config.cluster, Secrets())
        assert access.kubernetes is None
        destroy(plan, access, Pulumi("pulumi", made.workspace.folder), print)
        assert settled_residue(plan, access) == []
