"""Both stacks of a pair never work at once, whatever is in an old file of one of them."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.standby import Role
from panda_infra.rules.split_brain import split
from tests.support.stacks import stack


def active(term: int) -> Role:
    return Role(True, term, "x")


def standby(term: int) -> Role:
    return Role(False, term, "x")


def found(stack_name: str, before: Role | None, other: Role | None, **section: Any) -> list[str]:
    config = stack(secrets={"hashKey": "x"}, standby={"of": "a", "by": "b", **section})
    return [str(each) for each in split(make_plan(stack_name, config), before, other)]


@pytest.mark.parametrize(
    ("name", "before", "other"),
    [
        ("a", None, None),
        ("b", None, active(1)),
        ("a", active(1), standby(1)),
        ("b", standby(1), active(1)),
    ],
)
def test_what_agrees_is_deployed(name: str, before: Role | None, other: Role | None) -> None:
    assert found(name, before, other) == []


def test_a_file_that_is_older_than_a_failover_is_refused() -> None:
    for before, other in ((standby(2), None), (None, active(2)), (active(1), active(2))):
        (text,) = found("a", before, other)
        assert text.startswith(
            "standby.term: is 1, but a failover has made it 2 since: this file is out of date"
        )


def test_nobody_becomes_active_beside_an_active_one() -> None:
    (text,) = found("a", standby(1), active(1), term=2)
    assert "makes this stack active, but b has not stopped: it is active in term 1" in text
    assert "failover b --to a" in text
    assert found("a", standby(1), standby(2), term=2) == []
    assert found("a", standby(1), active(1), term=2, fenced=2) == []
    assert found("a", standby(1), active(1), term=3, fenced=2)


def test_one_that_steps_down_needs_no_leave() -> None:
    assert found("b", active(1), standby(1), term=2) == []


def test_the_section_of_one_that_stands_by_cannot_be_dropped() -> None:
    alone = make_plan("b", stack(secrets={"hashKey": "x"}))
    (problem,) = split(alone, standby(1), None)
    assert (problem.where, "stands by for x" in problem.what) == ("standby", True)
    assert list(split(alone, active(1), None)) == []
    assert list(split(alone, None, None)) == []
