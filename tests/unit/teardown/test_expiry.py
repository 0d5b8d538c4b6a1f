from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.delivery import Lifecycle
from panda_infra.teardown.expiry import expiries

TODAY = date(2026, 12, 1)


def lifecycle(day: str | None = None, *, protect: bool = False) -> Lifecycle:
    return Lifecycle(protect=protect, expires=day)


def test_a_stack_lives_through_its_last_day() -> None:
    found = expiries(
        [("old", lifecycle("2026-11-30")), ("last", lifecycle("2026-12-01")), ("for-ever", lifecycle())],
        {"old": 12, "last": 9},
        TODAY,
    )
    assert [(one.stack, one.is_over, one.must_go) for one in found] == [
        ("old", True, True),
        ("last", False, False),
    ]


def test_one_that_is_not_deployed_needs_no_removal() -> None:
    (found,) = expiries([("old", lifecycle("2026-01-01"))], {}, TODAY)
    assert found.is_over
    assert not found.must_go


@given(st.dates())
def test_a_protected_stack_never_expires(day: date) -> None:
    assert expiries([("doma", lifecycle(day.isoformat(), protect=True))], {"doma": 99}, TODAY) == []
