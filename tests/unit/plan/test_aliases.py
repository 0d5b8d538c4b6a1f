from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.plan.aliases import (
    alias_of,
    change_metadata,
    entry,
    number_nodes,
    numbers_in,
    pack,
    unpack,
)

GUIDE = ("", "-panda", "-bigmon", "-idds", "-iam", "-harvester")
labels = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?", fullmatch=True)
names = st.sets(st.from_regex(r"node-[a-z0-9]{1,6}", fullmatch=True), max_size=30)
entries = st.lists(
    labels.flatmap(lambda a: st.integers(0, 400).map(lambda n: entry(a, n))), unique=True, max_size=40
)


def apply(current: dict[str, str], owned: list[str], wanted: list[str]) -> dict[str, str]:
    change = change_metadata(current, owned, wanted)
    merged = {**current, **change.values}
    return {key: value for key, value in merged.items() if key not in change.stale}


def test_alias_is_the_first_label() -> None:
    assert alias_of("panda-doma.cern.ch", "cern.ch") == "panda-doma"


@pytest.mark.parametrize("host", ["panda.slac.stanford.edu", "a.b.cern.ch", "cern.ch"])
def test_hosts_elsewhere_have_no_alias(host: str) -> None:
    with pytest.raises(ValueError, match="directly under cern"):
        alias_of(host, "cern.ch")


def test_a_long_cluster_name_continues_in_the_second_value() -> None:
    cluster = "panda-doma-production-k8s-02"  # one character more than six names of it leave room for
    packed = pack(entry(cluster + suffix, 1) for suffix in GUIDE)
    assert list(packed) == ["landb-alias", "landb-alias2"]
    assert len(unpack(packed)) == 6


def test_one_entry_longer_than_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="Nova takes 255"):
        pack([entry("a" * 250, 1)])


@given(entries)
def test_packing_keeps_every_entry_within_the_limit(all_entries: list[str]) -> None:
    packed = pack(all_entries)
    assert all(len(value) <= 255 for value in packed.values())
    assert list(unpack(packed)) == all_entries


@given(names, st.integers(0, 50))
def test_numbers_are_distinct_and_start_above_the_offset(nodes: set[str], offset: int) -> None:
    numbers = number_nodes(nodes, {}, offset)
    assert sorted(numbers.values()) == list(range(offset + 1, offset + 1 + len(nodes)))


@given(names, names, st.integers(0, 9))
def test_numbers_follow_the_nodes_that_stay(before: set[str], after: set[str], offset: int) -> None:
    first = number_nodes(before, {}, offset)
    second = number_nodes(after, first, offset)
    assert {name: second[name] for name in before & after} == {name: first[name] for name in before & after}
    assert len(set(second.values())) == len(after)


def test_the_new_node_takes_the_number_of_the_replaced_one() -> None:
    before = number_nodes(["a", "b", "c"], {})
    assert number_nodes(["a", "c", "d"], before) == {"a": 1, "c": 3, "d": 2}


def test_two_nodes_that_remember_one_number_are_reported_apart() -> None:
    assert number_nodes(["a", "b"], {"a": 7, "b": 7}) == {"a": 7, "b": 1}


@given(entries, st.lists(labels, unique=True, max_size=6), st.integers(1, 99), st.integers(1, 99))
def test_foreign_entries_stay_and_ours_become_what_is_wanted(
    foreign: list[str], aliases: list[str], old: int, new: int
) -> None:
    foreign = [text for text in foreign if not numbers_in([text], aliases)]
    current = {"purpose": "test", **pack([*foreign, *(entry(alias, old) for alias in aliases)])}
    wanted = [entry(alias, new) for alias in aliases]
    after = apply(current, aliases, wanted)
    assert set(unpack(after)) == {*foreign, *wanted}
    assert after["purpose"] == "test"
    assert not change_metadata(after, aliases, wanted)
    assert set(unpack(apply(after, aliases, []))) == set(foreign)


def test_nothing_is_repacked_when_nothing_of_ours_changes() -> None:
    current = {"landb-alias": "x--load-1-", "landb-alias2": "y--load-1-,ours--load-3-"}
    assert not change_metadata(current, ["ours"], ["ours--load-3-"])


def test_what_cannot_be_an_entry_is_kept_as_it_is() -> None:
    assert apply({"landb-alias": "single-name"}, ["panda"], ["panda--load-1-"]) == {
        "landb-alias": "single-name,panda--load-1-"
    }


def test_a_key_that_only_resembles_ours_is_not_ours() -> None:
    metadata = {"landb-alias": "a", "landb-alias1": "b", "landb-aliases": "c", "landb-alias10": "d"}
    assert unpack(metadata) == ("a", "d")
