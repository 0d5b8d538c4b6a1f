"""Stack files with something wrong in them: each gives exactly the problems that it must give, one for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.config.load import from_file
from panda_infra.errors import StackError
from panda_infra.rules.judge import judge_given
from tests.support.bad_stacks import CASES, GOOD, Case, text_of


def test_the_base_of_all_cases_is_good(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    path.write_text(GOOD.read_text())
    loaded = from_file(path, rules=judge_given)
    assert loaded.stack == "demo"
    assert ("secrets", "panda", "databasePassword") in loaded.encrypted


def test_there_are_enough_cases_and_no_two_of_one_name() -> None:
    assert len(CASES) >= 80
    assert len({case["name"] for case in CASES.values()}) == len(CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_gives_the_problems_that_it_must_give(case: Case, tmp_path: Path) -> None:
    stack = case.get("stack", "demo")
    path = tmp_path / f"Pulumi.{stack}.yaml"
    path.write_text(text_of(case))
    with pytest.raises(StackError) as caught:
        from_file(path, rules=judge_given)
    problems = list(caught.value.problems)
    assert caught.value.source == f"Pulumi.{stack}.yaml"
    assert len(problems) == len(case["problems"]) == case.get("mistakes", 1), str(caught.value)
    for expected in case["problems"]:
        found = [
            problem
            for problem in problems
            if problem.where.startswith(expected["where"])
            and expected.get("what", "") in problem.what
            and expected.get("fix", "") in problem.fix
        ]
        assert found, f"{expected} not among:\n{caught.value}"
    assert "PlainTextCanary" not in str(caught.value)
    assert all(problem.fix for problem in problems)
