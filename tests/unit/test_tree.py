"""Trees of plain values."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.tree import (
    MISSING,
    at,
    dotted,
    entries,
    leaves,
    mapped,
    merged,
    put,
    texts,
    value_at,
    without_nulls,
)

_PATHS = st.lists(st.text(alphabet="abc", min_size=1, max_size=2), min_size=1, max_size=4)


@given(_PATHS, st.integers() | st.none())
def test_what_was_set_is_found(path: list[str], value: int | None) -> None:
    assert value_at(at(".".join(path), value), path) == value


@given(_PATHS)
def test_below_what_is_no_mapping_nothing_is_found(path: list[str]) -> None:
    assert value_at(at(".".join(path), "text"), [*path, "x"]) is MISSING
    assert value_at({}, path) is MISSING


def test_later_layers_replace_all_but_mappings() -> None:
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2], "d": None}}) == {
        "a": {"b": 1, "c": [2], "d": None}
    }


def test_leaves_come_in_order_with_their_paths() -> None:
    tree: dict[str, Any] = {"a": {"b": 1, "empty": {}}, "c": [None, {"d": "text"}, []]}
    assert list(leaves(tree)) == [(("a", "b"), 1), (("c", 0), None), (("c", 1, "d"), "text")]
    assert list(leaves("alone", ("x",))) == [(("x",), "alone")]
    assert list(texts(tree)) == [(("c", 1, "d"), "text")]


def test_what_counts_as_a_leaf_is_not_entered() -> None:
    tree = {"a": {"secure": "v1"}, "b": [{"secure": "v2"}, 1]}

    def encrypted(value: object) -> bool:
        return isinstance(value, dict) and value.keys() == {"secure"}

    assert [path for path, value in leaves(tree, until=encrypted) if encrypted(value)] == [("a",), ("b", 0)]
    assert mapped(tree, str, until=encrypted) == {"a": "{'secure': 'v1'}", "b": ["{'secure': 'v2'}", "1"]}


def test_lists_are_single_values_of_charts() -> None:
    assert list(entries({"a": {"b": [1], "c": {}}, "d": None}, ("x",))) == [
        (("x", "a", "b"), [1]),
        (("x", "d"), None),
    ]


def test_items_of_lists_are_found_by_their_index() -> None:
    assert value_at({"a": [{"b": 1}]}, ("a", 0, "b")) == 1
    assert value_at({"a": [1]}, ("a", 1), None) is None
    assert value_at({"a": [1]}, ("a", "0")) is MISSING


def test_what_stands_in_the_place_of_a_mapping_gives_way() -> None:
    tree = {"a": None, "b": {"c": 1}}
    put(tree, ("a", "x"), 2)
    put(tree, ("b", "d"), 3)
    assert tree == {"a": {"x": 2}, "b": {"c": 1, "d": 3}}


def test_a_path_as_text() -> None:
    assert dotted(("a", "b", 0, "c")) == "a.b[0].c"


def test_keys_without_a_value_are_left_out_on_every_level() -> None:
    assert without_nulls({"a": None, "b": {"c": None, "d": 0}, "e": [None]}) == {"b": {"d": 0}, "e": [None]}
