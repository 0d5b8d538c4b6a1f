"""Versions of tables and of the releases that need them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.products.panda.components.panda.schema import SCHEMA
from panda_infra.products.schemas import in_order

_NUMBERS = st.lists(st.integers(0, 99), min_size=1, max_size=4)


@given(_NUMBERS, _NUMBERS)
def test_versions_sort_by_their_numbers(one: list[int], other: list[int]) -> None:
    former, latter = (".".join(map(str, each)) for each in (one, other))
    assert (in_order(former) < in_order(latter)) == (one < other)


@given(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 30)),
    st.sampled_from(["", "-1", "@sha256:0"]),
)
def test_a_later_release_never_needs_older_tables(release: tuple[int, int, int], rest: str) -> None:
    tag = ".".join(map(str, release))
    later = f"{release[0]}.{release[1]}.{release[2] + 1}"
    least, more = SCHEMA.of(f"{tag}{rest}"), SCHEMA.of(later)
    assert least is None or (more is not None and in_order(least) <= in_order(more))


def test_releases_between_those_of_the_table() -> None:
    assert SCHEMA.of("0.1.0") is None
    assert SCHEMA.of("0.6.5") == "0.0.26"
    assert SCHEMA.of("0.6.13") == "0.0.28"
    assert SCHEMA.of("1.0.0@sha256:0123") == "0.1.1"
    assert SCHEMA.of("latest") is None
    assert (SCHEMA.knows("1.0.4"), SCHEMA.knows("1.0.10"), SCHEMA.knows("v1")) == (True, False, False)
