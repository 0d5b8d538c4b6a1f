"""The verdict on a requirement follows from its checks."""

from __future__ import annotations

import pytest

from panda_infra.products.verification import Check, Command
from panda_infra.verify.requirements import Verdict, judged
from panda_infra.verify.results import Outcome, Result

_OK, _FAILED, _SKIPPED = Outcome.OK, Outcome.FAILED, Outcome.SKIPPED
_ABSENT = "absent"


def result(outcome: Outcome | str, requirement: str = "R", name: str = "a.b") -> Result:
    check = Check(name, "", requirement, Command("a/b", ()))
    absent = outcome == _ABSENT
    return Result(check, _SKIPPED if absent else Outcome(outcome), "", 0.0, absent)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([], Verdict.NO_CHECK),
        ([_OK, _OK], Verdict.VERIFIED),
        ([_OK, _ABSENT], Verdict.VERIFIED),
        ([_OK, _SKIPPED], Verdict.PARTLY),
        ([_OK, _FAILED, _SKIPPED], Verdict.FAILED),
        ([_SKIPPED], Verdict.UNKNOWN),
        ([_ABSENT], Verdict.UNKNOWN),
        ([_ABSENT, _FAILED], Verdict.FAILED),
    ],
)
def test_one_verdict(outcomes: list[Outcome | str], verdict: Verdict) -> None:
    (found,) = judged([result(each) for each in outcomes], {"R": "It works."})
    assert (found.verdict, found.title) == (verdict, "It works.")


def test_requirements_keep_their_order_and_name_their_checks() -> None:
    found = judged([result(_OK, "B", "b.one"), result(_OK, "C", "c.two")], {"A": "a", "B": "b"})
    assert [(each.id, each.checks) for each in found] == [("A", ()), ("B", ("b.one",)), ("C", ("c.two",))]
    assert found[-1].title == "C"
