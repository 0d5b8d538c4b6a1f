"""Volumes that a Magnum cluster leaves behind, and their quota, against a real Cinder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from typer.testing import Result

from panda_infra.cluster.magnum.preflight import Stack, check_magnum
from panda_infra.config.cluster import MagnumCluster
from panda_infra.plan.ownership import Owner
from panda_infra.recorded import Recorded
from testbed.openstack import bed as clouds
from testbed.openstack import offer
from testbed.openstack.cloud import OpenStackBed
from testbed.openstack.clouds import ADMINISTRATOR
from testbed.workspace import Workspace
from tests.support.command_line import run_in

OWNER = Owner("panda-infra", "test", "0123456789abcdef")

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NAME = "panda-test"
CLUSTER = {
    "kind": "magnum",
    "name": NAME,
    "template": offer.TEMPLATE,
    "keypair": NAME,
    "publicKey": "ssh-ed25519 AAAA panda",
    "flavor": "m2.large",
    "masterFlavor": "m2.medium",
}
SIZE = 2


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenStackBed]:
    state = tmp_path_factory.mktemp("bed")
    try:
        cloud = clouds.start(state)
        with mock.patch.dict(os.environ, cloud.environment()):
            yield cloud
    finally:
        clouds.stop(state)


@pytest.fixture(scope="module")
def cinder(cloud: OpenStackBed) -> Any:
    return cloud.connection().block_storage


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A stack whose cluster does not exist, or not any more."""
    workspace = Workspace(tmp_path_factory.mktemp("stacks") / "dev", "dev")
    workspace.create(
        {
            "panda-infra:experiment": "dev",
            "panda-infra:cluster": CLUSTER,
            "panda-infra:storage": {"class": "standard"},
            "panda-infra:components": {"msgsvc": {}},
        }
    )
    return workspace


def make_volume(cinder: Any, name: str, cluster: str, namespace: str) -> Any:
    """A volume as the Cinder CSI driver makes it."""
    metadata = {
        "cinder.csi.openstack.org/cluster": cluster,
        "csi.storage.k8s.io/pvc/name": "data",
        "csi.storage.k8s.io/pvc/namespace": namespace,
    }
    made = cinder.create_volume(name=name, size=SIZE, metadata=metadata)
    return cinder.wait_for_status(made, "available", interval=0.1)


def residue(stack: Workspace) -> Result:
    return run_in(stack.folder, {}, "residue", stack.stack, "--json")


def test_volumes_of_the_cluster_and_no_others_are_left(cinder: Any, stack: Workspace) -> None:
    named = make_volume(cinder, "pvc-1", NAME, "monitoring")
    # Magnum has every cluster call itself alike.
    nameless = make_volume(cinder, "pvc-2", "kubernetes", "panda")
    others = [
        make_volume(cinder, "pvc-3", "kubernetes", "elsewhere"),
        make_volume(cinder, "pvc-4", "panda-other", "panda"),
        cinder.wait_for_status(cinder.create_volume(name="by hand", size=SIZE), "available", interval=0.1),
    ]
    found = residue(stack)
    assert found.exit_code == 1, found.output
    assert [(one["kind"], one["name"]) for one in json.loads(found.stdout)] == [
        ("volume", f"pvc-1 ({named.id})"),
        ("volume", f"pvc-2 ({nameless.id})"),
    ]
    assert json.loads(found.stdout)[1]["state"].startswith(f"available, {SIZE} GiB, of claim panda/data")
    for volume in (named, nameless):
        cinder.delete_volume(volume)
        cinder.wait_for_delete(volume, interval=0.1)
    assert residue(stack).exit_code == 0
    for volume in others:
        cinder.delete_volume(volume)
        cinder.wait_for_delete(volume, interval=0.1)


def test_the_quota_of_volumes_is_held_against_what_the_stack_needs(cloud: OpenStackBed, cinder: Any) -> None:
    cluster = MagnumCluster.model_validate(CLUSTER)
    assert not check_magnum(cluster, Stack(OWNER, Recorded(), volumes=1000)).problems
    project = cloud.connection().current_project_id
    cloud.connection(ADMINISTRATOR).set_volume_quotas(project, volumes=3)
    held = make_volume(cinder, "pvc-held", "panda-other", "panda")
    fits = check_magnum(cluster, Stack(OWNER, Recorded(), volumes=2))
    assert not fits.problems
    assert "volumes: 2 more needed, 1 used of 3" in fits.quota
    [problem] = check_magnum(cluster, Stack(OWNER, Recorded(), volumes=3)).problems
    assert "volumes: 3 more needed, 1 used of 3" in str(problem)
    cinder.delete_volume(held)
    cinder.wait_for_delete(held, interval=0.1)
