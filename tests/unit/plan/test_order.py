"""The order of deployment is derived from what components need."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.plan.order import critical_path, deployment_order, prerequisites
from tests.support.panda import COMPONENTS
from tests.support.stacks import KNOWN

_ALL = tuple(COMPONENTS)


def test_every_component_comes_after_what_it_needs() -> None:
    assert deployment_order(COMPONENTS, KNOWN) == (
        "msgsvc",
        "iam-db",
        "iam",
        "panda",
        "harvester",
        "idds",
        "bigmon",
        "ui",
        "mcp",
    )


def test_what_lives_elsewhere_is_not_awaited() -> None:
    assert prerequisites(COMPONENTS, "panda", {"msgsvc", "panda"}) == ("msgsvc",)


def test_one_that_is_left_out_ends_no_order() -> None:
    assert prerequisites(COMPONENTS, "panda", {"msgsvc", "iam-db", "panda"}) == ("msgsvc", "iam-db")


@given(st.sets(st.sampled_from(_ALL), min_size=2), st.data())
def test_what_is_removed_ends_no_order_between_others(
    deployed: AbstractSet[str], data: st.DataObject
) -> None:
    """A targeted update would fail: the engine takes over an old order that the program does not have any more."""

    def before(name: str, deployed: AbstractSet[str]) -> set[str]:
        direct = prerequisites(COMPONENTS, name, deployed)
        return set(direct).union(*(before(other, deployed) for other in direct))

    stay = deployed - {data.draw(st.sampled_from(sorted(deployed)))}
    for name in stay:
        assert before(name, deployed) & stay == before(name, stay)


@given(st.sets(st.sampled_from(_ALL)))
def test_any_selection_has_an_order(deployed: AbstractSet[str]) -> None:
    order = deployment_order(COMPONENTS, deployed)
    assert set(order) == set(deployed)
    for name in order:
        assert all(
            order.index(before) < order.index(name) for before in prerequisites(COMPONENTS, name, deployed)
        )


@given(st.dictionaries(st.sampled_from(_ALL), st.floats(0, 1000)))
def test_the_critical_path_is_between_the_longest_and_the_sum(durations: dict[str, float]) -> None:
    length, path = critical_path(COMPONENTS, durations)
    assert length <= sum(durations.values()) + 1e-6
    assert length >= max(durations.values(), default=0.0)
    assert set(path) <= set(durations)


def test_the_critical_path_of_equal_delays() -> None:
    length, path = critical_path(COMPONENTS, dict.fromkeys(KNOWN, 1.0))
    assert (length, path[:3]) == (4.0, ("iam-db", "iam", "panda"))
