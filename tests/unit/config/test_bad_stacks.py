"""Stack files with something wrong in them: each gives exactly the problems that it must give."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.config.load import from_file
from panda_infra.errors import StackError
from panda_infra.rules.judge import judge_given

_FOLDER = Path(__file__).parents[2] / "bad_stacks"
_TOPICS = sorted(path for path in _FOLDER.glob("*.yaml") if path.name != "good.yaml")
_GOOD: dict[str, Any] = yaml.safe_load((_FOLDER / "good.yaml").read_text())
_CASES = [(topic.stem, case) for topic in _TOPICS for case in yaml.safe_load(topic.read_text())]


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _merge(below[key], value) if both else value
    return merged


def _changed(case: dict[str, Any]) -> str:
    config = copy.deepcopy(_GOOD["config"])
    change = {f"panda-infra:{name}": value for name, value in case.get("change", {}).items()}
    config = {**config, **change} if case.get("only") else _merge(config, change)
    for path in case.get("remove", []):
        *parents, last = path.split(".")
        value = config
        for part in parents:
            value = value[f"panda-infra:{part}" if value is config else part]
        del value[f"panda-infra:{last}" if value is config else last]
    return yaml.safe_dump({**_GOOD, "config": config})


def test_the_base_of_all_cases_is_good(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.demo.yaml"
    path.write_text((_FOLDER / "good.yaml").read_text())
    loaded = from_file(path, rules=judge_given)
    assert loaded.stack == "demo"
    assert ("secrets", "panda", "databasePassword") in loaded.encrypted


def test_there_are_enough_cases_and_no_two_of_one_name() -> None:
    assert len(_CASES) >= 80
    assert len({case["name"] for _, case in _CASES}) == len(_CASES)


@pytest.mark.parametrize("case", [case for _, case in _CASES], ids=[f"{t}: {c['name']}" for t, c in _CASES])
def test_gives_the_problems_that_it_must_give(case: dict[str, Any], tmp_path: Path) -> None:
    stack = case.get("stack", "demo")
    path = tmp_path / f"Pulumi.{stack}.yaml"
    path.write_text(case["text"] if "text" in case else _changed(case))
    with pytest.raises(StackError) as caught:
        from_file(path, rules=judge_given)
    problems = list(caught.value.problems)
    assert caught.value.source == f"Pulumi.{stack}.yaml"
    assert len(problems) == len(case["problems"]), str(caught.value)
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
