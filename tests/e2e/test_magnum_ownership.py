"""Whose a Magnum cluster is: what killed runs have begun is gone on with, what others made is left alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from panda_infra.config.secrets import Secrets
from panda_infra.stacks.access import reach
from panda_infra.teardown.destroy import settled_residue
from testbed.openstack_bed.cloud import OpenStackBed
from tests.support.magnum import Stack, make, numbered

pytestmark = [pytest.mark.e2e, pytest.mark.long]

INGRESS = "/api/v1/namespaces/kube-system/configmaps/cern-magnum-ingress-nginx-controller"
NODES = "/api/v1/nodes"


@pytest.fixture
def stack(cloud: OpenStackBed, tmp_path: Path) -> Iterator[Stack]:
    """A stack that was never up."""
    made = make(cloud, tmp_path, "panda-killed-k8s", workers=1)
    yield made
    made.run("destroy")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/os-keypairs$"),
        ("POST", "/clusters$"),
        ("POST", "/certificates"),
        ("POST", "/metadata$"),
    ],
)
def test_a_run_that_was_killed_is_gone_on_with(stack: Stack, method: str, path: str) -> None:
    """Killed the moment that the cloud has answered, before or after the state knows of it."""
    began = time.time()
    with stack.cloud.faults(create_seconds=5):
        stack.killed(lambda: stack.written(method, path, began) > 0)
    stack.up()
    assert stack.changes() == {}
    assert len(stack.clusters()) == 1
    assert stack.written("POST", "/clusters$", began) == 1
    assert stack.written("POST", "/os-keypairs$", began) == 1
    assert stack.aliases() == numbered(master0=None, node0=1)
    stack.destroy()


@pytest.fixture(scope="module")
def life(cloud: OpenStackBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is up."""
    made = make(cloud, tmp_path_factory.mktemp("stacks"), "panda-whose-k8s", workers=1)
    made.up()
    yield made
    made.run("destroy")


def test_a_state_that_knows_nothing_of_it_is_made_good(life: Stack) -> None:
    """As after a run that was killed between what it did and the state's save."""
    (before,), carried, began = life.clusters(), life.aliases(), time.time()
    lost = [
        one["urn"]
        for one in life.resources()
        if one["type"].rsplit(":", 1)[1] in ("Cluster", "Keypair", "NodeLabels", "LandbAliases")
    ]
    for urn in lost:
        if any(one["urn"] == urn for one in life.resources()):
            life.forget(urn)
    reported = life.run("preview")
    assert reported.code == 0, reported.text
    assert "was begun by an interrupted run of this stack" in reported.text
    life.up()
    assert [cluster.id for cluster in life.clusters()] == [before.id]
    assert life.written("POST|PATCH|DELETE", r"/(clusters|metadata|os-keypairs)", began) == 0
    assert life.aliases() == carried
    assert life.changes() == {}


def test_a_cluster_of_another_stack_is_refused_in_the_preview(life: Stack, tmp_path: Path) -> None:
    other = make(life.cloud, tmp_path, life.name, workers=1)
    reported = other.fails("preview")
    assert "you have a keypair panda-whose-k8s already, with another key" in reported
    other.describe(publicKey=None)
    reported = other.fails("preview")
    assert "cluster.name: Magnum has a cluster panda-whose-k8s already" in reported
    assert "made by stack panda-infra/test/" in reported
    other.describe(adopt=True, nodeCount=3, masterFlavor="m2.large")
    reported = other.fails("preview")
    assert "cluster.nodeCount: the cluster has 1, the stack file has 3" in reported
    assert "cluster.masterFlavor: the cluster has m2.medium, the stack file has m2.large" in reported


def test_a_cluster_that_was_taken_over_stays_without_a_trace(life: Stack, tmp_path: Path) -> None:
    api = life.api(tmp_path)
    before = looks(life, tmp_path)
    gone = life.run(
        "destroy", "--target", "**:ConfigMapPatch::*", "--target", "**:NodeLabels::*", "--target-dependents"
    )
    assert gone.code == 0, gone.text
    node = f"{NODES}/{life.server('-node-0').name}"
    assert "role" not in api.get(node)["metadata"]["labels"]
    other = make(life.cloud, tmp_path, life.name, workers=1)
    other.describe(adopt=True, publicKey=None)
    reported = other.up()
    assert "is taken over as it is" in reported
    assert "stays when this stack is destroyed" in reported
    assert api.get(node)["metadata"]["labels"]["role"] == "ingress"
    shown = other.run("destroy")
    assert shown.code == 0, shown.text
    assert other.resources() == []
    assert "role" not in api.get(node)["metadata"]["labels"]
    assert "allow-snippet-annotations" not in api.get(INGRESS)["data"]
    with mock.patch.dict(os.environ, life.workspace.environment() | life.cloud.environment()):
        plan = other.plan()
        left = settled_residue(plan, reach(plan.stack, plan.config.cluster, Secrets()), 0)
    assert [(one.kind, one.ours) for one in left] == [("cluster", False)]
    (cluster,) = life.clusters()
    assert cluster.status.endswith("_COMPLETE")
    assert len(list(life.cloud.connection().compute.keypairs())) == 1
    life.up()
    assert looks(life, tmp_path) == before


def looks(stack: Stack, folder: Path) -> tuple[object, ...]:
    """What a visitor may change."""
    api = stack.api(folder)
    node = api.get(f"{NODES}/{stack.server('-node-0').name}")["metadata"]
    return stack.aliases(), node["labels"], api.get(INGRESS)["data"]


def test_aliases_and_labels_that_were_there_before_stay(life: Stack, tmp_path: Path) -> None:
    before = looks(life, tmp_path)
    other = make(life.cloud, tmp_path, life.name, workers=1)
    other.describe(adopt=True, publicKey=None)
    other.up()
    assert other.run("destroy").code == 0
    assert looks(life, tmp_path)[:2] == before[:2]
    life.up("--refresh")
    assert looks(life, tmp_path) == before


def test_a_cluster_that_was_taken_over_goes_when_it_is_said_in_so_many_words(
    life: Stack, tmp_path: Path
) -> None:
    other = make(life.cloud, tmp_path, life.name, workers=1)
    other.describe(adopt=True, publicKey=None)
    other.up()
    began = time.time()
    other.describe(deleteAdopted=True)
    assert "will be deleted with it" in other.up()
    assert other.written("POST|PATCH|DELETE", "/clusters", began) == 0
    assert other.run("destroy").code == 0
    assert not life.clusters()
    assert len(list(life.cloud.connection().compute.keypairs())) == 1
