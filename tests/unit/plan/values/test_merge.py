"""Nested values."""

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.products.values import ABSENT, at, merged, value_at

_PATHS = st.lists(st.text(alphabet="abc", min_size=1, max_size=2), min_size=1, max_size=4)


@given(_PATHS, st.integers() | st.none())
def test_what_was_set_is_found(path: list[str], value: int | None) -> None:
    assert value_at(at(".".join(path), value), path) == value


@given(_PATHS)
def test_below_what_is_no_mapping_nothing_is_found(path: list[str]) -> None:
    assert value_at(at(".".join(path), "text"), [*path, "x"]) is ABSENT
    assert value_at({}, path) is ABSENT


def test_later_layers_replace_all_but_mappings() -> None:
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2], "d": None}}) == {
        "a": {"b": 1, "c": [2], "d": None}
    }
