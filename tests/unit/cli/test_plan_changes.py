from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from panda_infra.cli import plan_changes
from panda_infra.cli.app import app
from panda_infra.review.compare import StackChange
from panda_infra.tree import Difference

MOVED = StackChange("doma", "changed", {}, (Difference("hosts.panda", "a.example", "b" * 200),), ())
TEST_BED = StackChange("local", "changed", {"panda": "changed"}, (), ("base: its own code gave no Plans",))
GONE = StackChange("old", "removed", {}, (), ("its stack file is gone",))
BROKEN = StackChange("lsst", "changed", {}, (), ("head: hosts: is missing",))


def run(monkeypatch: pytest.MonkeyPatch, *options: str, changes: tuple[StackChange, ...]) -> tuple[int, str]:
    monkeypatch.setattr(plan_changes, "changes_between", lambda _base, _head: changes)
    result = CliRunner().invoke(app, ["plan-changes", "main", *options])
    return result.exit_code, result.stdout


def test_a_person_reads_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = run(monkeypatch, changes=(MOVED, TEST_BED))
    assert code == 0
    assert text.splitlines() == [
        "doma: changed",
        f"  hosts.panda: a.example -> {'b' * 100}…",
        "local: changed",
        "  base: its own code gave no Plans",
        "  component panda: changed",
    ]
    assert run(monkeypatch, changes=()) == (0, "no stack is touched\n")


def test_programs_read_json(monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = run(monkeypatch, "--json", changes=(MOVED, GONE))
    found = json.loads(text)
    assert (code, found["touched"], found["removed"]) == (0, ["doma"], ["old"])
    assert found["changes"][0]["differences"][0]["path"] == "hosts.panda"


def test_workflows_take_the_stacks_that_have_a_world(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--matrix", changes=(MOVED, TEST_BED, GONE)) == (0, 'stacks=["doma"]\n')
    assert run(monkeypatch, "--matrix", changes=()) == (0, "stacks=[]\n")


def test_a_stack_without_a_plan_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, changes=(BROKEN,))[0] == 1


def test_in_the_matrix_it_keeps_no_other_from_its_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--matrix", changes=(MOVED, BROKEN)) == (0, 'stacks=["doma", "lsst"]\n')


def test_the_matrix_is_the_whole_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_changes, "changes_between", lambda *_: pytest.fail("it was not refused"))
    result = CliRunner().invoke(app, ["plan-changes", "main", "--matrix", "--json"], env={"COLUMNS": "150"})
    assert result.exit_code == 2
    assert "leave out --json" in result.stderr
