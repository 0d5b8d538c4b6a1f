from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typing_extensions import override

from panda_infra.cluster.magnum.preflight import check_magnum, inspect
from panda_infra.config.cluster import MagnumCluster
from panda_infra.provider.openstack_api import ClusterSpec, Limits, NodeGroupInfo
from tests.unit.provider.fakes import FakeOpenStack, World

DESCRIBED = {
    "kind": "magnum",
    "name": "panda-doma-k8s",
    "template": "kubernetes-1.29.2-2",
    "keypair": "lxplus",
    "flavor": "m2.xlarge",
    "masterFlavor": "m2.large",
    "nodeCount": 4,
}


def cluster(**changes: object) -> MagnumCluster:
    return MagnumCluster.model_validate_json(json.dumps(DESCRIBED | changes))


@pytest.fixture
def openstack() -> FakeOpenStack:
    return FakeOpenStack(World())


def make(openstack: FakeOpenStack, workers: int = 4) -> None:
    spec = ClusterSpec(
        "panda-doma-k8s", "id-of-kubernetes-1.29.2-2", "lxplus", "m2.xlarge", "m2.large", workers, 1, {}
    )
    openstack.create_cluster(spec)


def test_what_fits_is_shown_with_its_quota(openstack: FakeOpenStack) -> None:
    report = inspect(cluster(), openstack, volumes=7)
    assert not report.problems
    assert "cores: 40 more needed, 20 used of 100" in report.quota
    assert "ram: 75000 MiB more needed, 0 MiB used of 200000 MiB" in report.quota
    assert "volumes: 7 more needed, 3 used no limit known" in report.quota
    assert "clusters: 1 more needed, 0 used of 2" in report.quota


def test_every_exceeded_quota_is_a_problem(openstack: FakeOpenStack) -> None:
    problems = inspect(cluster(nodeCount=20), openstack).problems
    told = [problem.what for problem in problems]
    assert [text.split(":")[1].strip() for text in told] == ["instances", "cores", "ram"]


def test_only_growth_counts_for_an_existing_cluster(openstack: FakeOpenStack) -> None:
    make(openstack)
    report = inspect(cluster(nodeCount=6), openstack, volumes=50)
    assert "cores: 16 more needed, 20 used of 100" in report.quota
    assert "volumes: 0 more needed, 3 used no limit known" in report.quota


def test_new_node_groups_count(openstack: FakeOpenStack) -> None:
    make(openstack)
    (found,) = openstack.world.groups.values()
    found.append(NodeGroupInfo("ng-a", "a", "worker", "m2.large", 1, "UPDATE_COMPLETE"))
    groups = [
        {"name": "a", "flavor": "m2.large", "count": 2},
        {"name": "b", "flavor": "m2.large", "count": 1},
    ]
    assert "instances: 2 more needed, 0 used of 10" in inspect(cluster(nodeGroups=groups), openstack).quota


def test_everything_that_is_missing_is_told_at_once(openstack: FakeOpenStack) -> None:
    described = cluster(
        template="none",
        flavor="c9",
        masterFlavor="c8",
        keypair="other",
        nodeGroups=[{"name": "b", "flavor": "c7", "count": 1}],
    )
    assert {problem.where for problem in inspect(described, openstack).problems} == {
        "cluster.template",
        "cluster.flavor",
        "cluster.masterFlavor",
        "cluster.keypair",
        "cluster.nodeGroups[0].flavor",
    }


def test_a_keypair_that_the_stack_makes_need_not_exist(openstack: FakeOpenStack) -> None:
    assert not inspect(cluster(keypair="other", publicKey="ssh-ed25519 AAAA panda"), openstack).problems


def test_application_credentials_cannot_make_a_cluster(openstack: FakeOpenStack) -> None:
    openstack.credential = True
    (problem,) = inspect(cluster(), openstack).problems
    assert "application credentials cannot create clusters" in problem.what
    make(openstack)
    assert not inspect(cluster(), openstack).problems


def test_there_must_be_a_cluster_to_adopt(openstack: FakeOpenStack) -> None:
    (problem,) = inspect(cluster(adopt=True), openstack).problems
    assert problem.where == "cluster.adopt"


def test_two_clusters_of_one_name_are_refused(openstack: FakeOpenStack) -> None:
    make(openstack)
    make(openstack)
    (problem,) = inspect(cluster(), openstack).problems
    assert "2 clusters called panda-doma-k8s" in problem.what


def test_the_number_of_clusters_is_limited_too(openstack: FakeOpenStack) -> None:
    class Full(FakeOpenStack):
        @override
        def cluster_limits(self) -> Limits:
            return replace(super().cluster_limits(), maximum=0)

    (problem,) = inspect(cluster(), Full(openstack.world)).problems
    assert "clusters: 1 more needed" in problem.what


def test_a_cloud_that_is_not_configured_is_one_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/nowhere/clouds.yaml")
    report = check_magnum(cluster(cloud="no-such-cloud"))
    (problem,) = report.problems
    assert problem.where == "cluster.cloud"
    assert "no-such-cloud" in problem.what


@pytest.mark.parametrize(
    ("masters", "template", "told"),
    [
        (3, "kubernetes-1.29.2-2", ["have no load balancer"]),
        (2, "kubernetes-1.29.2-2", ["have no load balancer", "an odd number"]),
        (2, "kubernetes-1.29.2-2-multi", ["an odd number"]),
        (3, "kubernetes-1.29.2-2-multi", []),
    ],
)
def test_more_masters_take_a_load_balancer_and_an_odd_number(
    openstack: FakeOpenStack, masters: int, template: str, told: list[str]
) -> None:
    problems = inspect(cluster(masterCount=masters, template=template), openstack).problems
    assert len(problems) == len(told)
    assert all(text in problem.what for text, problem in zip(told, problems, strict=True))
