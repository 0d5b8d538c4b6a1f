from __future__ import annotations

from dataclasses import replace

import grpc
import pytest

from panda_infra.clients.openstack.api import ClusterSpec, OpenStackError
from panda_infra.provider.wire import UNKNOWN
from tests.unit.provider.conftest import OWNER, Engine, Partial
from tests.unit.provider.fakes import FakeOpenStack, World

INPUTS = {
    "name": "panda-doma-k8s",
    "template": "kubernetes-1.29.2-2",
    "keypair": "lxplus",
    "flavor": "m2.xlarge",
    "masterFlavor": "m2.large",
    "nodeCount": 4,
    "masterCount": 1,
    "labels": {"cern_enabled": "true"},
}


def test_it_is_complete_when_it_is_made(engine: Engine, world: World) -> None:
    resource_id, state, checked = engine.up("Cluster", INPUTS)
    assert resource_id == "panda-doma-k8s"
    assert world.clusters[state["clusterId"]].status == "CREATE_COMPLETE"
    assert engine.diff("Cluster", resource_id, state, checked) == set()


def test_a_preview_of_a_new_cluster_makes_nothing(engine: Engine, world: World) -> None:
    _, state = engine.create("Cluster", engine.check("Cluster", INPUTS), preview=True)
    assert state["clusterId"] == UNKNOWN
    assert not world.calls


def test_the_404_before_magnums_row_exists_is_waited_out(engine: Engine, world: World) -> None:
    world.row_delay = 3
    _, state, _ = engine.up("Cluster", INPUTS)
    assert state["complete"] is True


def test_a_lost_acknowledgement_makes_no_second_cluster(engine: Engine, world: World) -> None:
    world.create_errors = [(OpenStackError("POST /clusters: HTTP 504", 504), True)]
    engine.up("Cluster", INPUTS)
    assert (world.calls["create_cluster"], len(world.clusters)) == (1, 1)


def test_a_request_that_was_lost_is_made_again(engine: Engine, world: World) -> None:
    world.create_errors = [(OpenStackError("POST /clusters: HTTP 500", 500), False)]
    engine.up("Cluster", INPUTS)
    assert (world.calls["create_cluster"], len(world.clusters)) == (2, 1)


def test_a_refused_request_is_not_made_again(engine: Engine, world: World) -> None:
    world.create_errors = [(OpenStackError("POST /clusters: HTTP 403: quota", 403), False)]
    with pytest.raises(grpc.RpcError, match="quota"):
        engine.up("Cluster", INPUTS)
    assert world.calls["create_cluster"] == 1


def test_a_failed_create_tells_magnums_reason_and_the_next_update_finishes(
    engine: Engine, world: World
) -> None:
    world.failure = "Failed to create trustee or trust for Cluster"
    with pytest.raises(Partial, match=r"CREATE_FAILED: Failed to create trustee.*pulumi up") as failed:
        engine.up("Cluster", INPUTS)
    world.failure = ""
    failed_id = failed.value.state["clusterId"]
    checked = engine.check("Cluster", INPUTS, INPUTS)
    assert engine.diff("Cluster", failed.value.id, failed.value.state, checked) == {"complete"}
    assert (
        engine.update("Cluster", failed.value.id, failed.value.state, checked, preview=True)["clusterId"]
        == UNKNOWN
    )
    state = engine.update("Cluster", failed.value.id, failed.value.state, checked)
    assert list(world.clusters) == [state["clusterId"]]
    assert state["clusterId"] != failed_id
    assert engine.diff("Cluster", failed.value.id, state, checked) == set()


def test_a_failed_cluster_may_be_described_anew(engine: Engine, world: World) -> None:
    world.failure = "Flavor's disk is too small"
    with pytest.raises(Partial) as failed:
        engine.up("Cluster", INPUTS)
    world.failure = ""
    bigger = INPUTS | {"flavor": "m2.3xlarge"}
    state = engine.update(
        "Cluster", failed.value.id, failed.value.state, engine.check("Cluster", bigger, INPUTS)
    )
    assert world.clusters[state["clusterId"]].flavor == "m2.3xlarge"


def test_a_failed_cluster_is_gone_after_one_delete(engine: Engine, world: World) -> None:
    world.failure = "no reason"
    with pytest.raises(Partial) as failed:
        engine.up("Cluster", INPUTS)
    world.failure = ""
    engine.delete("Cluster", failed.value.id, failed.value.state)
    assert not world.clusters


def test_a_create_that_takes_too_long_goes_on_at_the_next_update(engine: Engine, world: World) -> None:
    world.polls = 10**6
    with pytest.raises(Partial, match="given up after 0 s: Magnum reports CREATE_IN_PROGRESS") as late:
        engine.create("Cluster", engine.check("Cluster", INPUTS), timeout=0.05)
    world.pending[late.value.state["clusterId"]] = ("CREATE", 2)
    state = engine.update("Cluster", late.value.id, late.value.state, engine.check("Cluster", INPUTS, INPUTS))
    assert state["complete"] is True
    assert world.calls["create_cluster"] == 1


def test_a_cluster_of_somebody_else_is_not_made_twice(engine: Engine, world: World) -> None:
    _, state, _ = engine.up("Cluster", INPUTS)
    relabel(world, state["clusterId"], "panda-infra/other/0123456789abcdef")
    with pytest.raises(grpc.RpcError, match=r"made by stack panda-infra/other.*cluster.adopt: true"):
        engine.up("Cluster", INPUTS)
    relabel(world, state["clusterId"], "")
    with pytest.raises(grpc.RpcError, match="with no owner written on it"):
        engine.up("Cluster", INPUTS)
    assert world.calls["create_cluster"] == 1


def relabel(world: World, cluster_id: str, owner: str) -> None:
    found = world.clusters[cluster_id]
    labels = {key: value for key, value in found.labels.items() if key != "panda_infra_owner"}
    if owner:
        labels["panda_infra_owner"] = owner
    world.clusters[cluster_id] = replace(found, labels=labels)


def test_the_owner_is_written_on_it_and_is_no_input(engine: Engine, world: World) -> None:
    resource_id, state, checked = engine.up("Cluster", INPUTS)
    assert world.clusters[state["clusterId"]].added_labels["panda_infra_owner"] == OWNER
    assert state["labels"] == INPUTS["labels"]
    assert engine.read("Cluster", resource_id)[2]["labels"] == INPUTS["labels"]
    assert engine.diff("Cluster", resource_id, state, checked) == set()


def test_what_a_killed_run_asked_for_is_gone_on_with(
    engine: Engine, world: World, openstack: FakeOpenStack
) -> None:
    """The state knows nothing of it: the run was killed between the request and its record."""
    lost = ask(openstack)
    _, state, checked = engine.up("Cluster", INPUTS)
    assert (state["clusterId"], state["complete"]) == (lost, True)
    assert world.calls["create_cluster"] == 1
    assert engine.diff("Cluster", "panda-doma-k8s", state, checked) == set()


def test_what_a_killed_run_asked_for_grows_to_what_is_wanted_now(
    engine: Engine, world: World, openstack: FakeOpenStack
) -> None:
    ask(openstack)
    _, state, _ = engine.up("Cluster", INPUTS | {"nodeCount": 6})
    assert state["nodeCount"] == 6
    assert world.calls["resize"] == 1


def test_what_a_killed_run_asked_for_in_other_words_is_refused(
    engine: Engine, openstack: FakeOpenStack
) -> None:
    ask(openstack)
    with pytest.raises(grpc.RpcError, match=r"cluster\.masterFlavor is 'm2\.large'"):
        engine.up("Cluster", INPUTS | {"masterFlavor": "m2.small"})


def test_a_killed_runs_cluster_that_failed_is_made_anew(
    engine: Engine, world: World, openstack: FakeOpenStack
) -> None:
    lost = ask(openstack)
    world.failure = "no valid host"
    for _ in range(4):
        openstack.cluster(lost)
    world.failure = ""
    _, state, _ = engine.up("Cluster", INPUTS)
    assert list(world.clusters) == [state["clusterId"]]
    assert state["clusterId"] != lost


def ask(openstack: FakeOpenStack) -> str:
    spec = ClusterSpec(
        "panda-doma-k8s",
        "id-of-kubernetes-1.29.2-2",
        "lxplus",
        "m2.xlarge",
        "m2.large",
        4,
        1,
        {"cern_enabled": "true", "panda_infra_owner": OWNER},
    )
    return openstack.create_cluster(spec)


def test_a_cluster_that_was_taken_over_stays(engine: Engine, world: World) -> None:
    engine.up("Cluster", INPUTS)
    resource_id, state, _ = engine.up("Cluster", INPUTS | {"adopt": True})
    engine.delete("Cluster", resource_id, state)
    assert (len(world.clusters), world.calls["delete_cluster"]) == (1, 0)
    assert "it stays" in engine.reported.warnings[-1]


def test_a_cluster_that_was_taken_over_goes_when_it_is_said_in_so_many_words(
    engine: Engine, world: World
) -> None:
    engine.up("Cluster", INPUTS)
    resource_id, state, _ = engine.up("Cluster", INPUTS | {"adopt": True})
    inputs = engine.check(
        "Cluster", INPUTS | {"adopt": True, "deleteAdopted": True}, INPUTS | {"adopt": True}
    )
    assert engine.diff("Cluster", resource_id, state, inputs) == {"deleteAdopted"}
    before = dict(world.clusters)
    state = engine.update("Cluster", resource_id, state, inputs)
    assert world.clusters == before
    engine.delete("Cluster", resource_id, state)
    assert not world.clusters


def test_a_cluster_that_was_taken_over_does_not_become_one_that_was_made(engine: Engine) -> None:
    engine.up("Cluster", INPUTS)
    resource_id, state, _ = engine.up("Cluster", INPUTS | {"adopt": True})
    with pytest.raises(grpc.RpcError, match="deleteAdopted: true"):
        engine.diff("Cluster", resource_id, state, engine.check("Cluster", INPUTS))


def test_adopting_a_cluster_changes_nothing(engine: Engine, world: World) -> None:
    engine.up("Cluster", INPUTS)
    before = dict(world.clusters)
    inputs = INPUTS | {"adopt": True, "labels": {"cern_enabled": "true", "kube_tag": "v1.29.2"}}
    resource_id, state, checked = engine.up("Cluster", inputs)
    assert world.clusters == before
    assert engine.diff("Cluster", resource_id, state, checked) == set()
    _, state, _ = engine.read("Cluster", resource_id, state)
    assert engine.diff("Cluster", resource_id, state, checked) == set()


def test_adopting_tells_how_the_cluster_differs(engine: Engine, world: World) -> None:
    engine.up("Cluster", INPUTS)
    with pytest.raises(grpc.RpcError, match=r"cluster.nodeCount is 4"):
        engine.up("Cluster", INPUTS | {"adopt": True, "nodeCount": 6})
    assert world.calls["resize"] == 0


def test_growing_happens_in_place(engine: Engine, world: World) -> None:
    resource_id, state, _ = engine.up("Cluster", INPUTS)
    checked = engine.check("Cluster", INPUTS | {"nodeCount": 6}, INPUTS)
    assert engine.diff("Cluster", resource_id, state, checked) == {"nodeCount"}
    assert engine.replaces == set()
    planned = engine.update("Cluster", resource_id, state, checked, preview=True)
    assert planned["clusterId"] == state["clusterId"]
    state = engine.update("Cluster", resource_id, state, checked)
    assert state["nodeCount"] == 6
    assert sum("-node-" in name for name in world.nodes) == 6


def test_a_failed_growth_is_asked_for_again(engine: Engine, world: World) -> None:
    resource_id, state, _ = engine.up("Cluster", INPUTS)
    checked = engine.check("Cluster", INPUTS | {"nodeCount": 6}, INPUTS)
    world.failure = "Quota exceeded"
    with pytest.raises(grpc.RpcError, match="UPDATE_FAILED: Quota exceeded"):
        engine.update("Cluster", resource_id, state, checked)
    world.failure = ""
    state = engine.update("Cluster", resource_id, state, checked)
    assert world.calls["resize"] == 2
    assert engine.diff("Cluster", resource_id, state, checked) == set()


def test_a_new_cluster_whose_node_groups_fail_is_kept(engine: Engine, world: World) -> None:
    resize = engine.reported.status

    def status(text: str) -> None:
        resize(text)
        if "working on big" in text:
            world.failure = "Quota exceeded"

    engine.reported.status = status  # type: ignore[method-assign]
    groups = [{"name": "big", "flavor": "m2.3xlarge", "count": 2}]
    with pytest.raises(Partial, match="UPDATE_FAILED: Quota exceeded") as failed:
        engine.up("Cluster", INPUTS | {"nodeGroups": groups})
    world.failure = ""
    engine.reported.status = resize  # type: ignore[method-assign]
    checked = engine.check("Cluster", INPUTS | {"nodeGroups": groups})
    assert engine.diff("Cluster", failed.value.id, failed.value.state, checked) == {"nodeGroups"}
    state = engine.update("Cluster", failed.value.id, failed.value.state, checked)
    assert engine.diff("Cluster", failed.value.id, state, checked) == set()
    assert (world.calls["create_cluster"], world.calls["delete_cluster"]) == (1, 0)


def test_a_node_group_of_somebody_else_is_left_alone(
    engine: Engine, world: World, openstack: FakeOpenStack
) -> None:
    resource_id, state, checked = engine.up("Cluster", INPUTS)
    openstack.create_node_group(state["clusterId"], "theirs", "m2.large", 1)
    for _ in range(4):
        _, state, _ = engine.read("Cluster", resource_id, state)
    assert engine.diff("Cluster", resource_id, state, checked) == set()
    grown = engine.check("Cluster", INPUTS | {"nodeCount": 5}, INPUTS)
    engine.update("Cluster", resource_id, state, grown)
    assert [group.name for group in world.groups[state["clusterId"]]][2:] == ["theirs"]


def test_a_label_that_the_template_gives_too_is_no_change(engine: Engine) -> None:
    resource_id, state, _ = engine.up("Cluster", INPUTS)
    labels = {"cern_enabled": "true", "kube_tag": "v1.29.2"}
    assert (
        engine.diff("Cluster", resource_id, state, engine.check("Cluster", INPUTS | {"labels": labels}))
        == set()
    )


def test_node_groups_come_grow_and_go(engine: Engine, world: World) -> None:
    resource_id, state, _ = engine.up("Cluster", INPUTS)
    for count in (2, 3, None):
        groups = [] if count is None else [{"name": "big", "flavor": "m2.3xlarge", "count": count}]
        checked = engine.check("Cluster", INPUTS | {"nodeGroups": groups}, INPUTS)
        assert engine.diff("Cluster", resource_id, state, checked) == {"nodeGroups"}
        state = engine.update("Cluster", resource_id, state, checked)
        assert sum("-big-" in name for name in world.nodes) == (count or 0)
        assert engine.diff("Cluster", resource_id, state, checked) == set()


def test_a_new_cluster_gets_its_node_groups(engine: Engine, world: World) -> None:
    groups = [{"name": "big", "flavor": "m2.3xlarge", "count": 2}]
    resource_id, state, checked = engine.up("Cluster", INPUTS | {"nodeGroups": groups})
    assert sum("-big-" in name for name in world.nodes) == 2
    assert engine.diff("Cluster", resource_id, state, checked) == set()


@pytest.mark.parametrize(
    ("change", "alternative"),
    [
        ({"labels": {"cern_enabled": "false"}}, "labels"),
        ({"labels": {}}, "labels"),
        ({"flavor": "m2.3xlarge"}, "node group"),
        ({"masterFlavor": "m2.3xlarge"}, "second cluster"),
        ({"masterCount": 3}, "second cluster"),
        ({"keypair": "other"}, "second cluster"),
        ({"name": "panda-doma-k8s-2"}, "second cluster"),
    ],
)
def test_what_would_replace_the_cluster_is_refused(
    engine: Engine, world: World, change: dict[str, object], alternative: str
) -> None:
    resource_id, state, _ = engine.up("Cluster", INPUTS)
    before = dict(world.clusters)
    with pytest.raises(grpc.RpcError, match=alternative):
        engine.diff("Cluster", resource_id, state, engine.check("Cluster", INPUTS | change, INPUTS))
    assert world.clusters == before


def test_a_refresh_sees_nodes_that_were_added_by_hand(engine: Engine, world: World) -> None:
    resource_id, state, checked = engine.up("Cluster", INPUTS)
    world.groups[state["clusterId"]][1] = world.groups[state["clusterId"]][1].__class__(
        "ng-w", "default-worker", "worker", "m2.xlarge", 5, "UPDATE_COMPLETE", default=True
    )
    _, state, _ = engine.read("Cluster", resource_id, state)
    assert engine.diff("Cluster", resource_id, state, checked) == {"nodeCount"}


def test_a_refresh_sees_that_the_cluster_is_gone(engine: Engine, world: World) -> None:
    resource_id, state, _ = engine.up("Cluster", INPUTS)
    world.clusters.clear()
    assert engine.read("Cluster", resource_id, state)[0] == ""


def test_importing_finds_the_inputs(engine: Engine) -> None:
    engine.up("Cluster", INPUTS)
    resource_id, state, inputs = engine.read("Cluster", "panda-doma-k8s")
    assert resource_id == "panda-doma-k8s"
    assert engine.diff("Cluster", resource_id, state, engine.check("Cluster", INPUTS)) == set()
    assert inputs["nodeCount"] == 4


def test_a_wrong_input_is_named(engine: Engine) -> None:
    assert engine.failures("Cluster", INPUTS | {"nodeCount": 0}).keys() == {"nodeCount"}


def test_numbers_of_workers_are_left_to_an_autoscaler(engine: Engine, world: World) -> None:
    groups = [{"name": "big", "flavor": "m2.3xlarge", "count": 1}]
    inputs = INPUTS | {"nodeCounts": "autoscaler", "nodeGroups": groups}
    resource_id, state, checked = engine.up("Cluster", inputs)
    world.groups[state["clusterId"]] = [
        replace(group, node_count=group.node_count + 3) if group.role == "worker" else group
        for group in world.groups[state["clusterId"]]
    ]
    _, state, _ = engine.read("Cluster", resource_id, state)
    assert engine.diff("Cluster", resource_id, state, checked) == set()
    more = [*groups, {"name": "more", "flavor": "m2.3xlarge", "count": 2}]
    again = engine.check("Cluster", inputs | {"nodeGroups": more}, inputs)
    assert engine.diff("Cluster", resource_id, state, again) == {"nodeGroups"}
    state = engine.update("Cluster", resource_id, state, again)
    counts = {group.name: group.node_count for group in world.groups[state["clusterId"]]}
    assert counts == {"default-master": 1, "default-worker": 7, "big": 4, "more": 2}
    assert world.calls["resize"] == 0
