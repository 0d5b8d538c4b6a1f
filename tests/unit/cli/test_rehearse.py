"""`rehearse --since`: from which commit, and for which stacks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli import rehearse as command
from panda_infra.review.compare import StackChange
from testbed import rehearsal
from testbed.rehearsal import Change, Report
from tests.unit.cli.conftest import Run


@pytest.fixture
def commits(stack_file: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stack file's content at the commit that was deployed before, one entry per rehearsal."""
    git = ("git", "-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    (stack_file.parent / "cric_jsons").unlink()
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    good = stack_file.read_text()
    for text in ("# at the base", "# at the head"):
        stack_file.write_text(f"{text}\n{good}")
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", text], check=True)
    seen: list[str] = []

    def rehearse(file: Path, *, change: Change, **_options: Any) -> Report:
        seen.append((change.sources / file.name).read_text().partition("\n")[0])
        change.previewed('{"steps": []}')
        return Report("small", {}, (), (), ())

    touched = (StackChange("small", "changed", {}, (), ()),)
    monkeypatch.setattr(rehearsal, "rehearse", rehearse)
    monkeypatch.setattr(command, "changes_between", lambda *_: touched)
    return seen


def test_the_preview_is_that_from_the_base(run: Run, commits: list[str], project: Path) -> None:
    done = run("rehearse", "small", "--since", "HEAD~1")
    assert done.exit_code == 0, done.stderr
    assert commits == ["# at the base"]
    assert (project / "preview.json").read_text() == '{"steps": []}'


def test_a_stack_that_is_not_touched_is_left_alone(run: Run, commits: list[str], project: Path) -> None:
    done = run("rehearse", "other", "--since", "HEAD~1")
    assert (done.exit_code, commits) == (0, [])
    assert "stack other is not touched" in done.stderr
    assert not (project / "preview.json").exists()
