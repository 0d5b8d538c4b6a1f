"""Volumes and shares that a Magnum cluster leaves behind, and their quota, against a real Cinder and Manila."""

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
from panda_infra.plan.capacity import Storage
from panda_infra.plan.ownership import Owner
from panda_infra.state.recorded import Recorded
from testbed import waiting
from testbed.openstack_bed import bed as clouds
from testbed.openstack_bed import offer
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.clouds_yaml import ADMINISTRATOR
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
        cloud = clouds.start(state, shares=True)
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


def make_share(manila: Any, name: str, **reported: str) -> str:
    """A share as the Manila CSI driver makes it, by its id; ``reported`` of cluster and namespace."""
    keys = {"cluster": "manila.csi.openstack.org/cluster", "namespace": "csi.storage.k8s.io/pvc/namespace"}
    metadata = {keys[key]: value for key, value in reported.items()}
    body = {"share_proto": "CEPHFS", "size": SIZE, "name": name, "metadata": metadata}
    made: str = manila.post("/shares", json={"share": body}).json()["share"]["id"]
    waiting.until(
        lambda: manila.get(f"/shares/{made}").json()["share"]["status"] == "available", f"share {name}", 60
    )
    return made


def end_share(manila: Any, share: str) -> None:
    manila.delete(f"/shares/{share}")
    waiting.until(lambda: manila.get(f"/shares/{share}").status_code == 404, f"the end of share {share}", 60)


def needing(**storage: int) -> Stack:
    return Stack(OWNER, Recorded(), storage=Storage(**storage))


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
    assert not check_magnum(cluster, needing(volumes=1000)).problems
    project = cloud.connection().current_project_id
    cloud.connection(ADMINISTRATOR).set_volume_quotas(project, volumes=3)
    held = make_volume(cinder, "pvc-held", "panda-other", "panda")
    fits = check_magnum(cluster, needing(volumes=2))
    assert not fits.problems
    assert "volumes: 2 more needed, 1 used of 3" in fits.quota
    [problem] = check_magnum(cluster, needing(volumes=3)).problems
    assert "volumes: 3 more needed, 1 used of 3" in str(problem)
    cinder.delete_volume(held)
    cinder.wait_for_delete(held, interval=0.1)


@pytest.fixture(scope="module")
def manila(cloud: OpenStackBed) -> Any:
    return cloud.connection().shared_file_system


def test_shares_of_the_cluster_and_no_others_are_left(manila: Any, stack: Workspace) -> None:
    ours = make_share(manila, "pvc-1", cluster=NAME)
    # The driver names no cluster unless an option asks for it; the project has no other that it could be of.
    nameless = make_share(manila, "pvc-2", namespace="panda")
    others = [
        make_share(manila, "pvc-3", cluster="panda-other", namespace="panda"),
        make_share(manila, "by-hand"),
    ]
    found = residue(stack)
    assert found.exit_code == 1, found.output
    assert [(one["kind"], one["name"]) for one in json.loads(found.stdout)] == [
        ("share", f"pvc-1 ({ours})"),
        ("share", f"pvc-2 ({nameless})"),
    ]
    for share in (ours, nameless):
        end_share(manila, share)
    assert residue(stack).exit_code == 0
    for share in others:
        end_share(manila, share)


def test_the_quota_of_shares_is_held_against_what_the_stack_needs(cloud: OpenStackBed, manila: Any) -> None:
    cluster = MagnumCluster.model_validate(CLUSTER)
    assert not check_magnum(cluster, needing(shares=100, share_gib=10000)).problems
    project = cloud.connection().current_project_id
    quota = {"quota_set": {"shares": 3, "gigabytes": 10}}
    version = {"X-OpenStack-Manila-API-Version": "2.7"}
    administrator = cloud.connection(ADMINISTRATOR).shared_file_system
    administrator.put(f"/quota-sets/{project}", json=quota, headers=version, raise_exc=True)
    held = make_share(manila, "pvc-held", cluster="panda-other")
    fits = check_magnum(cluster, needing(shares=2, share_gib=8))
    assert not fits.problems
    assert "shares: 2 more needed, 1 used of 3" in fits.quota
    assert "share storage: 8 GiB more needed, 2 GiB used of 10 GiB" in fits.quota
    reported = check_magnum(cluster, needing(shares=3, share_gib=9)).problems
    assert [problem.where for problem in reported] == ["storage", "storage"]
    end_share(manila, held)
