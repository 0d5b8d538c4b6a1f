from __future__ import annotations

from dataclasses import replace

import grpc
import pytest

from panda_infra.plan.aliases import unpack
from panda_infra.provider.wire import UNKNOWN
from tests.unit.provider.conftest import OWNER, Engine
from tests.unit.provider.fakes import World
from tests.unit.provider.test_cluster import INPUTS as CLUSTER

NODE = "panda-doma-k8s-abcdefghij12-node-"
ALIASES = ["panda-doma", "bigmon-doma"]


@pytest.fixture
def inputs(engine: Engine) -> dict[str, object]:
    _, state, _ = engine.up("Cluster", CLUSTER)
    return {"clusterId": state["clusterId"], "aliases": ALIASES, "workers": 4}


def carried(world: World) -> dict[str, tuple[str, ...]]:
    return {
        server.name.removeprefix(NODE): entries
        for server in world.servers.values()
        if (entries := unpack(server.metadata))
    }


def metadata(world: World, node: str, **values: str) -> None:
    server = world.servers[world.nodes[NODE + node].server]
    world.servers[server.id] = replace(server, metadata={k: v for k, v in values.items() if v})


def expected(*numbers: int) -> dict[str, tuple[str, ...]]:
    return {str(node): tuple(f"{a}--load-{n}-" for a in ALIASES) for node, n in enumerate(numbers) if n}


def test_each_worker_gets_a_number_of_its_own(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    assert carried(world) == expected(1, 2, 3, 4)
    assert engine.diff("LandbAliases", resource_id, state, checked) == set()
    assert world.calls["set_metadata"] == 4


def test_the_preview_shows_which_node_gets_which_alias(engine: Engine, inputs: dict[str, object]) -> None:
    assert (
        engine.check("LandbAliases", inputs)["assigned"][NODE + "2"]
        == "panda-doma--load-3-,bigmon-doma--load-3-"
    )


def test_the_preview_without_a_cluster_shows_it_for_nodes_to_come(engine: Engine) -> None:
    checked = engine.check(
        "LandbAliases", {"clusterId": UNKNOWN, "aliases": ["panda"], "workers": 2, "offset": 4}
    )
    assert checked["assigned"] == {"(new node 1)": "panda--load-5-", "(new node 2)": "panda--load-6-"}


def test_the_preview_of_growth_shows_the_nodes_to_come(engine: Engine, inputs: dict[str, object]) -> None:
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    planned = engine.check("LandbAliases", {**inputs, "workers": 5}, checked)
    assert planned["assigned"] == checked["assigned"] | {
        "(new node 1)": "panda-doma--load-5-,bigmon-doma--load-5-"
    }
    assert engine.diff("LandbAliases", resource_id, state, planned) == {"assigned", "numbers", "workers"}


def test_a_replaced_node_renumbers_no_other(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    world.remove_node(NODE + "1")
    world.add_node(NODE + "7")
    again = engine.check("LandbAliases", inputs, checked)
    assert engine.diff("LandbAliases", resource_id, state, again) == {"assigned", "numbers"}
    engine.update("LandbAliases", resource_id, state, again)
    assert carried(world) == expected(1, 0, 3, 4, 0, 0, 0, 2)
    assert world.calls["set_metadata"] == 5


def test_a_node_that_is_not_ready_loses_its_aliases_and_gets_the_same_number_back(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    world.node(NODE + "1", ready=False)
    without = engine.check("LandbAliases", inputs, checked)
    state = engine.update("LandbAliases", resource_id, state, without)
    assert carried(world) == expected(1, 0, 3, 4)
    world.node(NODE + "1", ready=True)
    engine.update("LandbAliases", resource_id, state, engine.check("LandbAliases", inputs, without))
    assert carried(world) == expected(1, 2, 3, 4)


def test_foreign_aliases_are_kept(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    metadata(world, "0", **{"landb-alias": "other--load-1-", "purpose": "test"})
    resource_id, state, _ = engine.up("LandbAliases", inputs)
    assert carried(world)["0"][0] == "other--load-1-"
    engine.delete("LandbAliases", resource_id, state)
    assert carried(world) == {"0": ("other--load-1-",)}


def test_an_alias_removed_by_hand_is_seen_and_repaired(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    metadata(world, "2", **{"landb-alias": "panda-doma--load-3-"})
    _, state, _ = engine.read("LandbAliases", resource_id, state)
    assert state["assigned"][NODE + "2"] == "panda-doma--load-3-"
    again = engine.check("LandbAliases", inputs, checked)
    assert engine.diff("LandbAliases", resource_id, state, again) == {"assigned"}
    engine.update("LandbAliases", resource_id, state, again)
    assert carried(world) == expected(1, 2, 3, 4)


def test_all_aliases_removed_by_hand_come_back_with_their_numbers(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, _ = engine.up("LandbAliases", {**inputs, "offset": 10})
    metadata(world, "3")
    _, state, read = engine.read("LandbAliases", resource_id, state)
    assert NODE + "3" not in state["assigned"]
    again = engine.check("LandbAliases", {**inputs, "offset": 10}, read)
    engine.update("LandbAliases", resource_id, state, again)
    assert carried(world) == expected(11, 12, 13, 14)


def test_dropped_aliases_go(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    fewer = engine.check("LandbAliases", {**inputs, "aliases": ["iam-doma"]}, checked)
    engine.update("LandbAliases", resource_id, state, fewer)
    assert carried(world)["1"] == ("iam-doma--load-2-",)


def test_many_aliases_take_two_calls_per_node_at_most(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    many = [
        f"panda-doma-production-{name}"
        for name in ("server", "big", "bigmon", "idds", "iam", "ui", "mq", "cd")
    ]
    resource_id, state, _ = engine.up("LandbAliases", {**inputs, "aliases": many})
    assert len(carried(world)["0"]) == 8
    assert world.calls["set_metadata"] == 4
    engine.delete("LandbAliases", resource_id, state)
    assert carried(world) == {}
    assert not any(server.metadata for server in world.servers.values())
    assert world.calls["delete_metadata"] == 12


def test_cerns_controller_is_no_second_writer(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    world.controllers = ["kube-system"]
    reason = engine.failures("LandbAliases", inputs)["aliases"]
    assert "landb-alias-controller runs in namespace kube-system" in reason
    assert "cluster.aliases: controller" in reason


def test_another_writer_is_reported(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    _, _, checked = engine.up("LandbAliases", inputs)
    metadata(world, "0", **{"landb-alias": "panda-doma--load-0-,other--load-5-"})
    engine.check("LandbAliases", inputs, checked)
    (warning,) = engine.reported.warnings
    assert f"{NODE}0 carries panda-doma--load-0-, but was given panda-doma--load-1-," in warning


def test_another_writer_that_only_takes_away_or_adds_is_reported(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    _, _, checked = engine.up("LandbAliases", inputs)
    metadata(world, "0")
    metadata(world, "1", **{"landb-alias": "panda-doma--load-2-,bigmon-doma--load-2-,panda-doma--load-9-"})
    engine.check("LandbAliases", inputs, checked)
    nothing, more = sorted(engine.reported.warnings)
    assert f"{NODE}0 carries nothing" in nothing
    assert "panda-doma--load-9-" in more


def test_a_node_that_was_not_served_is_no_sign_of_another_writer(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    world.node(NODE + "1", ready=False)
    _, _, checked = engine.up("LandbAliases", inputs)
    engine.check("LandbAliases", inputs, checked)
    assert not engine.reported.warnings


def test_numbers_that_a_script_gave_before_are_kept(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    metadata(world, "0", **{"landb-alias": "panda-doma--load-3-"})
    engine.up("LandbAliases", inputs)
    assert carried(world) == expected(3, 1, 2, 4)


def test_importing_finds_every_alias(engine: Engine, inputs: dict[str, object]) -> None:
    resource_id, _, _ = engine.up("LandbAliases", inputs)
    imported, _, found = engine.read("LandbAliases", str(inputs["clusterId"]))
    assert imported == resource_id
    assert found["aliases"] == sorted(ALIASES)
    assert found["numbers"] == {NODE + str(n): n + 1 for n in range(4)}


def test_another_cluster_takes_another_resource(engine: Engine, inputs: dict[str, object]) -> None:
    resource_id, state, _ = engine.up("LandbAliases", inputs)
    planned = engine.check("LandbAliases", {**inputs, "clusterId": UNKNOWN})
    assert "clusterId" in engine.diff("LandbAliases", resource_id, state, planned)
    assert engine.replaces == {"clusterId"}


def test_deleting_leaves_entries_that_were_there_before(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    before = "panda-doma--load-3-"
    metadata(world, "0", **{"landb-alias": before})
    resource_id, state, _ = engine.up("LandbAliases", inputs)
    assert state["found"] == {NODE + "0": "panda-doma"}
    assert carried(world) == expected(3, 1, 2, 4)
    _, state, _ = engine.read("LandbAliases", resource_id, state)
    engine.delete("LandbAliases", resource_id, state)
    assert carried(world) == {"0": (before,)}
    assert {frozenset(server.metadata) for server in world.servers.values()} == {
        frozenset({"landb-alias"}),
        frozenset(),
    }


def test_a_dropped_alias_that_was_there_before_stays(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    metadata(world, "0", **{"landb-alias": "panda-doma--load-1-"})
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    fewer = engine.check("LandbAliases", {**inputs, "aliases": ["iam-doma"]}, checked)
    engine.update("LandbAliases", resource_id, state, fewer)
    assert carried(world)["0"] == ("panda-doma--load-1-", "iam-doma--load-1-")
    assert carried(world)["1"] == ("iam-doma--load-2-",)


def test_aliases_of_a_killed_run_are_known_as_the_stacks(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    engine.up("LandbAliases", inputs)  # of which the state knows nothing
    resource_id, state, _ = engine.up("LandbAliases", inputs)
    assert state["found"] == {}
    assert world.calls["set_metadata"] == 4
    engine.delete("LandbAliases", resource_id, state)
    assert carried(world) == {}


def test_the_owner_is_written_in_the_same_request(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    engine.up("LandbAliases", inputs)
    workers = [server for server in world.servers.values() if "-node-" in server.name]
    assert {server.metadata["panda-infra-owner"] for server in workers} == {OWNER}
    assert world.calls["set_metadata"] == 4


def test_aliases_move_node_by_node(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    resource_id, state, checked = engine.up("LandbAliases", {**inputs, "offset": 4, "carriers": 1})
    assert carried(world) == expected(5)
    for carriers, numbers in ((3, (5, 6, 7)), (None, (5, 6, 7, 8)), (1, (5,))):
        planned = engine.check("LandbAliases", {**inputs, "offset": 4, "carriers": carriers}, checked)
        assert engine.diff("LandbAliases", resource_id, state, planned) == {"assigned", "carriers"}
        state, checked = engine.update("LandbAliases", resource_id, state, planned), planned
        assert carried(world) == expected(*numbers)


def test_the_place_of_a_node_that_is_not_ready_is_taken_by_the_next(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    world.node(NODE + "0", ready=False)
    engine.up("LandbAliases", {**inputs, "carriers": 2})
    assert carried(world) == expected(0, 2, 3)


def test_a_server_whose_node_is_gone_keeps_its_number_from_others_and_loses_its_aliases(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    """As of a machine that hangs after its node was deleted: with one number, two servers would be one to LanDB."""
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    left = world.nodes.pop(NODE + "1").server
    world.add_node(NODE + "7")
    again = engine.check("LandbAliases", inputs, checked)
    assert again["numbers"][NODE + "7"] == 5
    state = engine.update("LandbAliases", resource_id, state, again)
    assert carried(world) == expected(1, 0, 3, 4, 0, 0, 0, 5)
    assert "panda-infra-owner" not in world.servers[left].metadata
    _, state, checked = engine.read("LandbAliases", resource_id, state)
    assert (
        engine.diff("LandbAliases", resource_id, state, engine.check("LandbAliases", inputs, checked))
        == set()
    )


def test_aliases_of_others_on_a_server_without_a_node_stay(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    metadata(world, "1", **{"landb-alias": "panda-doma--load-7-"})
    del world.nodes[NODE + "1"]
    resource_id, state, _ = engine.up("LandbAliases", inputs)
    assert carried(world)["1"] == ("panda-doma--load-7-",)
    engine.delete("LandbAliases", resource_id, state)
    assert carried(world) == {"1": ("panda-doma--load-7-",)}


def test_deleting_takes_the_aliases_from_servers_without_a_node_too(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, _ = engine.up("LandbAliases", inputs)
    del world.nodes[NODE + "1"]
    engine.delete("LandbAliases", resource_id, state)
    assert carried(world) == {}
    assert not any(server.metadata for server in world.servers.values())


@pytest.mark.parametrize("number", range(1, 5))
def test_a_server_that_goes_between_look_and_write_needs_no_alias(
    engine: Engine, world: World, inputs: dict[str, object], number: int
) -> None:
    world.vanish = number
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    assert len(carried(world)) == 3
    again = engine.check("LandbAliases", {**inputs, "workers": 3}, checked)
    engine.update("LandbAliases", resource_id, state, again)
    assert sorted(entries[0] for entries in carried(world).values()) == sorted(
        f"panda-doma--load-{each}-" for each in again["numbers"].values()
    )


@pytest.mark.parametrize("gone", [True, False], ids=["its node is gone", "its node is not ready"])
def test_a_broken_server_keeps_its_aliases_and_stops_nothing(
    engine: Engine, world: World, inputs: dict[str, object], gone: bool
) -> None:
    """Nova changes no metadata of a server in the state ERROR."""
    resource_id, state, checked = engine.up("LandbAliases", inputs)
    server = world.nodes[NODE + "1"].server
    world.servers[server] = replace(world.servers[server], status="ERROR")
    if gone:
        del world.nodes[NODE + "1"]
    else:
        world.node(NODE + "1", ready=False)
    world.add_node(NODE + "7")
    again = engine.check("LandbAliases", inputs, checked)
    state = engine.update("LandbAliases", resource_id, state, again)
    assert carried(world) == expected(1, 2, 3, 4, 0, 0, 0, 5)
    (warning,) = engine.reported.warnings
    assert f"server {server} keeps its LanDB aliases as long as it is there" in warning
    engine.delete("LandbAliases", resource_id, state)
    assert set(carried(world)) == {"1"}


def test_a_ready_worker_that_cannot_get_its_aliases_is_an_error(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    server = world.nodes[NODE + "1"].server
    world.servers[server] = replace(world.servers[server], status="ERROR")
    with pytest.raises(grpc.RpcError, match="while it is in vm_state error"):
        engine.up("LandbAliases", inputs)
