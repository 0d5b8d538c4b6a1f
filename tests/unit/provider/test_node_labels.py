from __future__ import annotations

import pytest

from panda_infra.provider.wire import UNKNOWN
from tests.unit.provider.conftest import Engine
from tests.unit.provider.fakes import World
from tests.unit.provider.test_cluster import INPUTS as CLUSTER

ROLE = {"role": "ingress"}


@pytest.fixture
def inputs(engine: Engine) -> dict[str, object]:
    _, state, _ = engine.up("Cluster", CLUSTER)
    return {"clusterId": state["clusterId"], "labels": ROLE, "workers": 4}


def labelled(world: World) -> set[str]:
    return {name for name, node in world.nodes.items() if node.labels.get("role") == "ingress"}


def workers(world: World) -> set[str]:
    return {name for name in world.nodes if "-node-" in name}


def test_every_worker_and_no_master_is_labelled(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("NodeLabels", inputs)
    assert labelled(world) == workers(world)
    assert all(node.labels["zone"] == "a" for node in world.nodes.values())
    assert engine.diff("NodeLabels", resource_id, state, checked) == set()
    assert world.calls["label_node"] == 4


def test_a_preview_without_a_cluster_shows_nodes_to_come(engine: Engine) -> None:
    checked = engine.check("NodeLabels", {"clusterId": UNKNOWN, "labels": ROLE, "workers": 2})
    assert checked["nodes"] == ["(new node 1)", "(new node 2)"]


def test_a_node_that_joins_later_is_labelled_by_the_next_update(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("NodeLabels", inputs)
    world.add_node("panda-doma-k8s-abcdefghij12-node-9")
    again = engine.check("NodeLabels", inputs, checked)
    assert engine.diff("NodeLabels", resource_id, state, again) == {"nodes"}
    state = engine.update("NodeLabels", resource_id, state, again)
    assert labelled(world) == workers(world)
    assert world.calls["label_node"] == 5
    assert engine.diff("NodeLabels", resource_id, state, again) == set()


def test_a_label_removed_by_hand_is_seen_and_repaired(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("NodeLabels", inputs)
    world.node("panda-doma-k8s-abcdefghij12-node-1", labels={})
    _, state, _ = engine.read("NodeLabels", resource_id, state)
    assert len(state["nodes"]) == 3
    engine.update("NodeLabels", resource_id, state, engine.check("NodeLabels", inputs, checked))
    assert labelled(world) == workers(world)


def test_another_label_takes_the_place_of_the_old_one(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, _ = engine.up("NodeLabels", inputs)
    changed = engine.check("NodeLabels", {**inputs, "labels": {"edge": "yes"}})
    assert engine.diff("NodeLabels", resource_id, state, changed) == {"labels"}
    engine.update("NodeLabels", resource_id, state, changed)
    assert labelled(world) == set()
    assert all(world.nodes[name].labels == {"zone": "a", "edge": "yes"} for name in workers(world))


def test_deleting_leaves_what_others_set(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    resource_id, state, _ = engine.up("NodeLabels", inputs)
    world.remove_node("panda-doma-k8s-abcdefghij12-node-3")
    engine.delete("NodeLabels", resource_id, state)
    assert all(node.labels == {"zone": "a"} for node in world.nodes.values())


def test_importing_reads_the_labels_from_the_id(engine: Engine, inputs: dict[str, object]) -> None:
    resource_id, _, checked = engine.up("NodeLabels", inputs)
    imported, state, found = engine.read("NodeLabels", f"{inputs['clusterId']}/role=ingress")
    assert imported == resource_id
    assert found == checked
    assert engine.diff("NodeLabels", imported, state, checked) == set()


def test_deleting_leaves_labels_that_were_there_before(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    before = "panda-doma-k8s-abcdefghij12-node-1"
    world.node(before, labels={"zone": "a", **ROLE})
    resource_id, state, _ = engine.up("NodeLabels", inputs)
    assert state["found"] == [before]
    _, state, _ = engine.read("NodeLabels", resource_id, state)
    engine.delete("NodeLabels", resource_id, state)
    assert labelled(world) == {before}
    assert not any(node.annotations for node in world.nodes.values())


def test_labels_of_a_killed_run_are_known_as_the_stacks(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    engine.up("NodeLabels", inputs)  # of which the state knows nothing
    resource_id, state, _ = engine.up("NodeLabels", inputs)
    assert state["found"] == []
    assert world.calls["label_node"] == 4
    engine.delete("NodeLabels", resource_id, state)
    assert labelled(world) == set()


def test_a_label_that_others_removed_and_the_stack_set_again_is_the_stacks(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    node = "panda-doma-k8s-abcdefghij12-node-1"
    world.node(node, labels=ROLE)
    resource_id, state, checked = engine.up("NodeLabels", inputs)
    world.node(node, labels={})
    _, state, _ = engine.read("NodeLabels", resource_id, state)
    state = engine.update("NodeLabels", resource_id, state, engine.check("NodeLabels", inputs, checked))
    assert state["found"] == []
    engine.delete("NodeLabels", resource_id, state)
    assert labelled(world) == set()
