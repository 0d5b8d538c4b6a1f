from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typing_extensions import override

from panda_infra.clients.openstack.api import ClusterSpec, Limits, NodeGroupInfo, Server
from panda_infra.cluster.magnum.keypair import MadeKeypair
from panda_infra.cluster.magnum.preflight import Report, Stack, check_magnum, inspect
from panda_infra.config.cluster import MagnumCluster
from panda_infra.plan.capacity import Storage
from panda_infra.plan.ownership import Owner
from panda_infra.state.recorded import Recorded
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


OWNER = Owner("panda-infra", "doma", "0123456789abcdef")


def make(openstack: FakeOpenStack, workers: int = 4, *, owner: str = "") -> str:
    labels = {"panda_infra_owner": owner} if owner else {}
    spec = ClusterSpec(
        "panda-doma-k8s", "id-of-kubernetes-1.29.2-2", "lxplus", "m2.xlarge", "m2.large", workers, 1, labels
    )
    made = openstack.create_cluster(spec)
    for _ in range(4):
        openstack.cluster(made)
    return made


def looked(
    described: MagnumCluster,
    openstack: FakeOpenStack,
    *,
    storage: Storage | None = None,
    recorded: Recorded | None = None,
) -> Report:
    """What the preflight finds for a stack whose state has every cluster, unless it is given."""
    known = recorded or Recorded(clusters=frozenset(openstack.world.clusters))
    return inspect(described, Stack(OWNER, known, ALIASES, storage or Storage()), openstack)


NOTHING = Recorded()
ALIASES = ("panda-doma",)


def test_what_fits_is_shown_with_its_quota(openstack: FakeOpenStack) -> None:
    report = looked(cluster(), openstack, storage=Storage(volumes=7))
    assert not report.problems
    assert "cores: 40 more needed, 20 used of 100" in report.quota
    assert "ram: 75000 MiB more needed, 0 MiB used of 200000 MiB" in report.quota
    assert "volumes: 7 more needed, 3 used no limit known" in report.quota
    assert "clusters: 1 more needed, 0 used of 2" in report.quota


def test_every_exceeded_quota_is_a_problem(openstack: FakeOpenStack) -> None:
    problems = looked(cluster(nodeCount=20), openstack).problems
    reported = [problem.what for problem in problems]
    assert [text.split(":")[1].strip() for text in reported] == ["instances", "cores", "ram"]


def test_only_growth_counts_for_an_existing_cluster(openstack: FakeOpenStack) -> None:
    make(openstack)
    report = looked(cluster(nodeCount=6), openstack)
    assert "cores: 16 more needed, 20 used of 100" in report.quota
    assert "volumes: 0 more needed, 3 used no limit known" in report.quota


def test_the_shares_of_the_project_are_held_against_its_quota(openstack: FakeOpenStack) -> None:
    openstack.world.shared_files = {"shares": Limits(10, 7), "share storage": Limits(1000, 700)}
    needed = Storage(shares=3, share_gib=300)
    report = looked(cluster(), openstack, storage=needed)
    assert not report.problems
    assert "shares: 3 more needed, 7 used of 10" in report.quota
    assert "share storage: 300 GiB more needed, 700 GiB used of 1000 GiB" in report.quota
    make(openstack)
    reported = looked(cluster(), openstack, storage=needed + Storage(shares=1, share_gib=1)).problems
    assert [(problem.where, problem.what.split(":")[1].strip()) for problem in reported] == [
        ("storage", "shares"),
        ("storage", "share storage"),
    ]


def test_a_project_without_manila_has_no_quota_of_shares(openstack: FakeOpenStack) -> None:
    report = looked(cluster(), openstack, storage=Storage(shares=3, share_gib=300))
    assert not report.problems
    assert not [line for line in report.quota if "share" in line]


def test_new_node_groups_count(openstack: FakeOpenStack) -> None:
    make(openstack)
    (found,) = openstack.world.groups.values()
    found.append(NodeGroupInfo("ng-a", "a", "worker", "m2.large", 1, "UPDATE_COMPLETE"))
    groups = [
        {"name": "a", "flavor": "m2.large", "count": 2},
        {"name": "b", "flavor": "m2.large", "count": 1},
    ]
    assert "instances: 2 more needed, 0 used of 10" in looked(cluster(nodeGroups=groups), openstack).quota


def test_everything_that_is_missing_is_reported_at_once(openstack: FakeOpenStack) -> None:
    described = cluster(
        template="none",
        flavor="c9",
        masterFlavor="c8",
        keypair="other",
        nodeGroups=[{"name": "b", "flavor": "c7", "count": 1}],
    )
    assert {problem.where for problem in looked(described, openstack).problems} == {
        "cluster.template",
        "cluster.flavor",
        "cluster.masterFlavor",
        "cluster.keypair",
        "cluster.nodeGroups[0].flavor",
    }


def test_a_keypair_that_the_stack_makes_need_not_exist(openstack: FakeOpenStack) -> None:
    assert not looked(cluster(keypair="other", publicKey="ssh-ed25519 AAAA panda"), openstack).problems


def test_application_credentials_cannot_make_a_cluster(openstack: FakeOpenStack) -> None:
    openstack.credential = True
    (problem,) = looked(cluster(), openstack).problems
    assert "application credentials cannot create clusters" in problem.what
    make(openstack)
    assert not looked(cluster(), openstack).problems


def test_there_must_be_a_cluster_to_adopt(openstack: FakeOpenStack) -> None:
    (problem,) = looked(cluster(adopt=True), openstack).problems
    assert problem.where == "cluster.adopt"


def test_two_clusters_of_one_name_are_refused(openstack: FakeOpenStack) -> None:
    make(openstack)
    make(openstack)
    (problem,) = looked(cluster(), openstack).problems
    assert "2 clusters called panda-doma-k8s" in problem.what


def test_the_number_of_clusters_is_limited_too(openstack: FakeOpenStack) -> None:
    class Full(FakeOpenStack):
        @override
        def cluster_limits(self) -> Limits:
            return replace(super().cluster_limits(), maximum=0)

    (problem,) = looked(cluster(), Full(openstack.world)).problems
    assert "clusters: 1 more needed" in problem.what


def test_a_cloud_that_is_not_configured_is_one_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/nowhere/clouds.yaml")
    report = check_magnum(cluster(cloud="no-such-cloud"), Stack(OWNER, Recorded()))
    (problem,) = report.problems
    assert problem.where == "cluster.cloud"
    assert "no-such-cloud" in problem.what


@pytest.mark.parametrize(
    ("masters", "template", "reported"),
    [
        (3, "kubernetes-1.29.2-2", ["have no load balancer"]),
        (2, "kubernetes-1.29.2-2", ["have no load balancer", "an odd number"]),
        (2, "kubernetes-1.29.2-2-multi", ["an odd number"]),
        (3, "kubernetes-1.29.2-2-multi", []),
    ],
)
def test_more_masters_take_a_load_balancer_and_an_odd_number(
    openstack: FakeOpenStack, masters: int, template: str, reported: list[str]
) -> None:
    problems = looked(cluster(masterCount=masters, template=template), openstack).problems
    assert len(problems) == len(reported)
    assert all(text in problem.what for text, problem in zip(reported, problems, strict=True))


def test_another_name_for_the_stacks_cluster_is_refused(openstack: FakeOpenStack) -> None:
    made = make(openstack)
    carrier(openstack, 1, "panda-doma-k8s")
    (problem,) = looked(
        cluster(name="panda-renamed"), openstack, recorded=Recorded(clusters=frozenset({made}))
    ).problems
    assert problem.where == "cluster.name"
    assert "this stack's cluster is panda-doma-k8s" in problem.what
    assert "second cluster" in problem.fix
    gone = Recorded(clusters=frozenset({"uuid-gone"}))
    assert not looked(cluster(name="panda-renamed", aliases="standby"), openstack, recorded=gone).problems


PUBLIC = "ssh-ed25519 AAAA someone@example"


def test_a_cluster_of_somebody_else_is_refused_with_whose_it_is(openstack: FakeOpenStack) -> None:
    made = make(openstack, owner="panda-infra/lsst/fedcba9876543210")
    (problem,) = looked(cluster(), openstack, recorded=NOTHING).problems
    assert problem.where == "cluster.name"
    assert made in problem.what
    assert "made by stack panda-infra/lsst/fedcba9876543210" in problem.what
    assert "cluster.adopt: true" in problem.what


def test_a_cluster_without_an_owner_is_refused_too(openstack: FakeOpenStack) -> None:
    make(openstack)
    (problem,) = looked(cluster(), openstack, recorded=NOTHING).problems
    assert "with no owner written on it" in problem.what


def test_what_an_interrupted_run_asked_for_is_gone_on_with(openstack: FakeOpenStack) -> None:
    make(openstack, owner=str(OWNER))
    report = looked(cluster(nodeCount=6), openstack, recorded=NOTHING)
    assert not report.problems
    assert "begun by an interrupted run of this stack" in report.notes[0]


def test_another_description_than_the_interrupted_runs_is_refused(openstack: FakeOpenStack) -> None:
    make(openstack, owner=str(OWNER))
    (problem,) = looked(cluster(masterFlavor="m2.small"), openstack, recorded=NOTHING).problems
    assert problem.where == "cluster.masterFlavor"


def test_every_difference_of_a_cluster_to_take_over_is_shown(openstack: FakeOpenStack) -> None:
    make(openstack)
    described = cluster(adopt=True, nodeCount=6, labels={"cern_enabled": "true"})
    problems = looked(described, openstack, recorded=NOTHING).problems
    assert {problem.where: problem.what for problem in problems} == {
        "cluster.labels": "the cluster has nothing, the stack file has {'cern_enabled': 'true'}",
        "cluster.nodeCount": "the cluster has 4, the stack file has 6",
    }


def test_a_cluster_that_was_taken_over_may_grow(openstack: FakeOpenStack) -> None:
    make(openstack)
    assert not looked(cluster(adopt=True, nodeCount=6), openstack).problems


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({}, "stays when this stack is destroyed"),
        ({"deleteAdopted": True}, "was not made by this stack and will be deleted with it"),
    ],
)
def test_the_end_of_a_cluster_that_was_taken_over_is_reported(
    openstack: FakeOpenStack, change: dict[str, object], reported: str
) -> None:
    make(openstack)
    for recorded in (None, NOTHING):
        notes = looked(cluster(adopt=True, **change), openstack, recorded=recorded).notes
        assert reported in notes[-1]


def test_a_cluster_that_is_not_complete_cannot_be_taken_over(openstack: FakeOpenStack) -> None:
    openstack.world.polls = 10**6
    make(openstack)
    (problem,) = looked(cluster(adopt=True), openstack, recorded=NOTHING).problems
    assert "only a complete cluster" in problem.what


def keypair_of(openstack: FakeOpenStack, nova: str | None, recorded: str | None = None) -> Report:
    openstack.world.keypairs = {"panda": nova} if nova else {}
    return looked(
        cluster(keypair="panda", publicKey=PUBLIC), openstack, recorded=Recorded(public_key=recorded)
    )


def test_a_keypair_says_whose_it_is(openstack: FakeOpenStack) -> None:
    assert keypair_of(openstack, None).keypair == MadeKeypair(f"{PUBLIC} panda-infra/owner={OWNER}")


def test_a_keypair_of_an_interrupted_run_is_taken_up(openstack: FakeOpenStack) -> None:
    text = f"{PUBLIC} panda-infra/owner={OWNER}"
    assert keypair_of(openstack, text).keypair == MadeKeypair(text, take_up=True)


def test_the_same_key_of_somebody_else_is_used_and_stays(openstack: FakeOpenStack) -> None:
    report = keypair_of(openstack, "ssh-ed25519 AAAA another@comment")
    assert report.keypair is None
    assert not report.problems
    assert "it is used, and stays" in report.notes[-1]


def test_another_key_of_that_name_is_refused(openstack: FakeOpenStack) -> None:
    (problem,) = keypair_of(openstack, "ssh-ed25519 BBBB").problems
    assert (problem.where, "another key than cluster.publicKey" in problem.what) == ("cluster.keypair", True)


@pytest.mark.parametrize("nova", [PUBLIC, None])
def test_a_keypair_that_the_state_knows_keeps_its_words(openstack: FakeOpenStack, nova: str | None) -> None:
    assert keypair_of(openstack, nova, recorded=PUBLIC).keypair == MadeKeypair(PUBLIC)


def test_another_key_in_the_stack_file_makes_another_keypair(openstack: FakeOpenStack) -> None:
    made = keypair_of(openstack, "ssh-ed25519 BBBB", recorded="ssh-ed25519 BBBB").keypair
    assert made == MadeKeypair(f"{PUBLIC} panda-infra/owner={OWNER}")


def carrier(openstack: FakeOpenStack, number: int, cluster_name: str = "panda-old") -> None:
    """A server that carries the alias of `ALIASES`."""
    name = f"{cluster_name}-abcdefghij12-node-{number}"
    carried = {"landb-alias": f"other--load-1-,panda-doma--load-{number}-"}
    openstack.world.servers[name] = Server(name, name, "ACTIVE", carried)


def test_a_new_cluster_does_not_get_the_aliases_of_another_unasked(openstack: FakeOpenStack) -> None:
    for number in (1, 2, 3):
        carrier(openstack, number)
    (problem,) = looked(cluster(), openstack).problems
    assert problem.where == "cluster.aliases"
    assert "aliases panda-doma lead to server panda-old-abcdefghij12-node-1" in problem.what
    assert "`aliases: standby`" in problem.fix
    assert "`aliasOffset: 3`" in problem.fix


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"aliases": "standby"}, "this stack, on standby, writes none"),
        ({"aliasOffset": 3}, "as well as to this cluster"),
        ({"aliasOffset": 3, "aliasWorkers": 1}, "as well as to this cluster"),
    ],
)
def test_it_says_what_it_does_with_the_aliases_of_another(
    openstack: FakeOpenStack, change: dict[str, object], reported: str
) -> None:
    for number in (1, 2, 3):
        carrier(openstack, number)
    report = looked(cluster(**change), openstack)
    assert not report.problems
    assert reported in report.notes[-1]


def test_stacks_of_a_pair_share_their_hosts(openstack: FakeOpenStack) -> None:
    carrier(openstack, 9)
    report = inspect(
        cluster(),
        Stack(OWNER, Recorded(clusters=frozenset(openstack.world.clusters)), ALIASES, of_pair=True),
        openstack,
    )
    assert not report.problems
    assert "as well as to this cluster" in report.notes[-1]


def test_no_two_servers_get_one_number(openstack: FakeOpenStack) -> None:
    for number in (1, 2, 3):
        carrier(openstack, number)
    (problem,) = looked(cluster(aliasOffset=2), openstack).problems
    assert problem.where == "cluster.aliasOffset"
    assert "workers 3, as panda-old-abcdefghij12-node-3 is already" in problem.what
    assert "`aliasOffset: 3`" in problem.fix


def test_the_old_cluster_beside_the_new_one_goes_on(openstack: FakeOpenStack) -> None:
    make(openstack)
    for number in (1, 2, 3, 4):
        carrier(openstack, number, "panda-doma-k8s")
    for number in (5, 6):
        carrier(openstack, number, "panda-new")
    assert not looked(cluster(), openstack).problems
    (problem,) = looked(cluster(nodeCount=6), openstack).problems
    assert "workers 5, 6" in problem.what


def test_the_old_cluster_gets_its_numbers_back(openstack: FakeOpenStack) -> None:
    make(openstack)
    for number in (5, 6):
        carrier(openstack, number, "panda-new")
    assert looked(cluster(), openstack).problems
    assert not looked(cluster(aliasWorkers=4), openstack).problems


def test_the_controllers_aliases_are_its_own_business(openstack: FakeOpenStack) -> None:
    carrier(openstack, 1)
    report = looked(cluster(aliases="controller"), openstack)
    assert (list(report.problems), list(report.notes)) == ([], [])
