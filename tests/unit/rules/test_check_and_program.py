"""What the program refuses without a cloud, `check` refuses in the same words; one place has one problem."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings

from panda_infra.config.load import from_file, from_pulumi
from panda_infra.config.paths import parsed, within
from panda_infra.config.secrets import Secrets
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import Problem, StackError
from panda_infra.reference.refusals import rows
from panda_infra.rules.judge import Judge, judge_given
from panda_infra.secrets.generate import revealed, stand_ins
from panda_infra.stacks.project import Project
from tests.support import fast_yaml
from tests.support.bad_stacks import CASES, GOOD, Case, changed, text_of
from tests.support.mutations import trees
from tests.support.stack_files import SAMPLES

_SECRETS = f"{NAMESPACE}:secrets"
_STACK = "demo"
_BASE: dict[str, Any] = fast_yaml.load(GOOD.read_text())["config"]
_OPEN = {key: value for key, value in _BASE.items() if key != _SECRETS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the lists of the samples."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text("name: panda-infra\nruntime: python\n")
    for name in ("sites", "cric_jsons"):
        (folder / name).symlink_to(SAMPLES.folder / name)
    return folder


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    """A good value for every secret of the good stack but certificates, which are good for its hosts alone."""
    config = from_file(GOOD).config.model_copy(update={"secrets": Secrets()})
    found: dict[str, Any] = revealed(stand_ins(config))
    del found["certificates"]
    return found


def by_check(folder: Path, stack: str, config: Mapping[str, Any], values: Mapping[str, Any]) -> set[str]:
    """Where `check` finds something in a stack file, whose secrets are encrypted."""
    (folder / f"Pulumi.{stack}.yaml").write_text(
        fast_yaml.dump({"config": {**config, _SECRETS: _encrypted(values)}})
    )
    return {each.where for each in _reported(lambda: Project(folder).judge(stack))}


def by_program(folder: Path, stack: str, config: Mapping[str, Any], values: Mapping[str, Any]) -> set[str]:
    """Where the program finds something in what the engine makes of that, less the secrets that are missing."""
    texts = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in {**config, _SECRETS: values}.items()
    }
    problems = _reported(
        partial(
            from_pulumi, stack, texts, [_SECRETS], folder=folder, rules=Judge(folder=folder, thorough=False)
        )
    )
    return {each.where for each in problems if not (each.where.startswith("secrets.") and each.awaits_site)}


def _encrypted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _encrypted(item) for key, item in value.items()}
    return {"secure": "v1:AAAA"}


def _reported(judged: Callable[[], object]) -> list[Problem]:
    try:
        judged()
    except StackError as error:
        return list(error.problems)
    return []


def test_a_good_stack_is_good_for_both(folder: Path, values: dict[str, Any]) -> None:
    assert by_check(folder, _STACK, _OPEN, values) == set()
    assert by_program(folder, _STACK, _OPEN, values) == set()


def _is_between_keys(case: Case) -> bool:
    """True if it is about the file's keys, not about its YAML and not about its secrets."""
    given = "text" in case or "secrets" in case.get("change", {})
    return not given and not any(re.match(r"line|secrets", each["where"]) for each in case["problems"])


_BETWEEN_KEYS = {name: case for name, case in CASES.items() if _is_between_keys(case)}


@pytest.mark.parametrize("case", _BETWEEN_KEYS.values(), ids=_BETWEEN_KEYS.keys())
def test_check_refuses_what_the_program_refuses(folder: Path, values: dict[str, Any], case: Case) -> None:
    config = changed(case)
    del config[_SECRETS]
    stack = case.get("stack", _STACK)
    refused = by_program(folder, stack, config, values)
    assert refused
    assert refused <= by_check(folder, stack, config, values)


@given(trees([_OPEN]))
@example({**_OPEN, f"{NAMESPACE}:experiment": {"x": {"y": None}}})
@example({**_OPEN, f"{NAMESPACE}:affix": [None]})
@settings(max_examples=60)
def test_check_refuses_what_the_program_refuses_of_any_change(
    folder: Path, values: dict[str, Any], config: dict[str, Any]
) -> None:
    assert by_program(folder, _STACK, config, values) <= by_check(folder, _STACK, config, values)


_FILES = {
    **{f"bad_stacks: {name}": (case.get("stack", _STACK), text_of(case)) for name, case in CASES.items()},
    **{
        f"bad_input: {row.tried}": (_STACK, str(text))
        for row in rows()
        for name, text in row.files.items()
        if name == "Pulumi.small.yaml" and text not in (None, "a folder", "unreadable")
    },
}


@pytest.mark.parametrize(("stack", "text"), _FILES.values(), ids=_FILES.keys())
def test_no_place_has_two_problems(tmp_path: Path, stack: str, text: str) -> None:
    file = tmp_path / f"Pulumi.{stack}.yaml"
    file.write_bytes(bytes.fromhex(text[4:]) if text.startswith("hex:") else text.encode())
    places = [each.where for each in _reported(partial(from_file, file, rules=judge_given))]
    assert len(places) == len(set(places)) > 0
    paths = [path for place in places if (path := parsed(place))]
    assert [(one, other) for one in paths for other in paths if one != other and within(one, other)] == []
