from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.provider.wire import UNKNOWN, from_wire, to_wire

keys = st.text(min_size=1).filter(lambda key: not key.startswith("__"))
plain = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(keys, plain, max_size=5))
def test_plain_values_survive_the_wire(values: dict[str, object]) -> None:
    assert from_wire(to_wire(values)) == values


def test_secrets_are_marked_and_nothing_is_left_out() -> None:
    assert to_wire({"a": "x", "b": None}, secrets={"a"})["a"].is_secret
    assert to_wire({"b": None}) == {}


def test_an_unknown_value_goes_through_as_the_engines_own_text() -> None:
    assert to_wire({"a": UNKNOWN})["a"].marshal().string_value == UNKNOWN
