import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from testbed.openstack_bed.driver.roster import Group, Roster, server_prefix, stack_name

counts = st.integers(0, 12)


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=60))
def test_stack_name_is_the_clusters_and_a_suffix(cluster: str) -> None:
    assert re.fullmatch(re.escape(cluster[:30].lower()) + "-[a-z0-9]{12}", stack_name(cluster))


@given(st.text(max_size=60))
def test_stack_name_fits_a_host_name(cluster: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{0,30}-[a-z0-9]{12}", stack_name(cluster))


def test_stack_names_differ() -> None:
    assert stack_name("PanDA_DOMA.k8s") != stack_name("PanDA_DOMA.k8s")
    assert stack_name("PanDA_DOMA.k8s").startswith("panda-doma-k8s-")


def test_servers_are_named_by_group_and_role() -> None:
    assert server_prefix("s", "worker") == "s-node-"
    assert server_prefix("s", "master") == "s-master-"
    assert server_prefix("s", "gpu") == "s-gpu-"


def test_a_further_group_has_a_stack_of_its_own() -> None:
    name = stack_name("panda_production-doma-k8s", "big-memory-nodes")
    assert re.fullmatch(r"panda-production-dom-big-memor-[a-z0-9]{12}", name)


def test_a_roster_knows_its_stacks() -> None:
    groups = {"a": Group("s-1-node-"), "b": Group("s-1-master-"), "c": Group("s-big-2-node-")}
    assert Roster("s-1", 1.5, groups).stacks == {"s-1", "s-big-2"}


@given(st.lists(counts, min_size=1))
def test_group_has_the_size_that_was_asked_for_last(sizes: list[int]) -> None:
    group = Group("s-node-")
    for size in sizes:
        group = group.resized(size)
        assert len(group.names) == len(set(group.names)) == size


@given(counts, counts)
def test_growing_keeps_what_is_there(before: int, more: int) -> None:
    group = Group("s-node-").resized(before)
    assert group.resized(before + more).names[:before] == group.names


def test_shrinking_takes_the_highest() -> None:
    assert Group("s-node-").resized(4).resized(2).names == ("s-node-0", "s-node-1")


@given(st.integers(1, 8), st.data())
def test_replaced_server_comes_back_under_another_name(size: int, data: st.DataObject) -> None:
    group = Group("s-node-").resized(size)
    gone = data.draw(st.sets(st.sampled_from(group.names)))
    fresh = group.resized(size, gone)
    assert len(fresh.names) == size
    assert set(group.names) & set(fresh.names) == set(group.names) - gone


def test_removed_index_never_comes_back() -> None:
    group = Group("s-node-").resized(3).resized(2).resized(3)
    assert group.names == ("s-node-0", "s-node-1", "s-node-3")


def test_roster_is_kept(tmp_path: Path) -> None:
    roster = Roster("s", 1.5, {"a": Group("s-node-").resized(2), "b": Group("s-master-").resized(1)})
    roster.save(tmp_path / "roster.json")
    assert Roster.load(tmp_path / "roster.json") == roster
    assert roster.names == {"s-node-0", "s-node-1", "s-master-0"}
