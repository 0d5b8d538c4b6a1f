"""What is held over a stack's own values makes what was found come out."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.adoption.template_values import difference, effective
from panda_infra.tree import MISSING, merged, put

_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
)
# As in charts, a key holds a mapping everywhere or nowhere.
_INNER = st.dictionaries(st.sampled_from("xyz"), _LEAVES, max_size=3)
_TREES = st.builds(
    dict.__or__, _INNER, st.dictionaries(st.sampled_from("ab"), st.none() | _INNER, max_size=2)
)
# The program removes single values, never whole mappings.
_OWN = st.builds(dict.__or__, _INNER, st.dictionaries(st.sampled_from("ab"), _INNER, max_size=2))


def leaves(tree: Any) -> Any:
    """Without mappings that hold nothing: no template sees a difference."""
    if not isinstance(tree, dict):
        return tree
    below = {key: leaves(value) for key, value in tree.items()}
    return {key: value for key, value in below.items() if value != {}}


@given(_TREES, _TREES, _OWN)
def test_holding_the_differences_yields_what_was_found(
    defaults: dict[str, Any], found: dict[str, Any], own: dict[str, Any]
) -> None:
    wanted = effective(defaults, found)
    held: dict[str, Any] = {}
    for path, here, _ in difference(wanted, effective(defaults, own)):
        put(held, path, None if here is MISSING else here)
    assert leaves(effective(defaults, merged(own, held))) == leaves(wanted)


@given(_TREES)
def test_the_same_values_differ_in_nothing(tree: dict[str, Any]) -> None:
    assert not list(difference(effective({}, tree), effective({}, tree)))


def test_a_number_is_no_truth_and_global_values_are_reported_once() -> None:
    assert [path for path, *_ in difference({"a": 1, "s": {"global": 1}}, {"a": True})] == [("a",)]
    assert [path for path, *_ in difference({"global": {"x": 1}}, {})] == [("global", "x")]
