"""The age of a secret is that of its line in git."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from panda_infra.stacks.age import written_at

_FILE = """\
config:
  panda-infra:experiment: dev
  panda-infra:secrets:
    hashKey:
      secure: v1:one
    panda:
      databasePassword: {secure: v1:two}
"""


def git(folder: Path, *arguments: str, date: str = "2026-01-02T03:04:05+00:00") -> None:
    identity = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_GLOBAL": "/dev/null"}
    names = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, **identity, **names},
    )


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(_FILE)
    git(tmp_path, "init")
    git(tmp_path, "add", file.name)
    git(tmp_path, "commit", "-m", "x")
    return file


def test_each_value_is_as_old_as_the_commit_that_changed_it(committed: Path) -> None:
    committed.write_text(_FILE.replace("v1:two", "v1:three"))
    git(committed.parent, "commit", "-a", "-m", "y", date="2026-05-06T07:08:09+00:00")
    assert written_at(committed) == {
        ("secrets", "hashKey"): datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        ("secrets", "panda", "databasePassword"): datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC),
    }


def test_a_value_that_moved_within_the_file_keeps_its_age(committed: Path) -> None:
    committed.write_text(_FILE.replace("config:", "# A comment\nconfig:"))
    git(committed.parent, "commit", "-a", "-m", "y", date="2026-05-06T07:08:09+00:00")
    assert written_at(committed)["secrets", "hashKey"].year == 2026
    assert written_at(committed)["secrets", "hashKey"].month == 1


def test_an_uncommitted_value_is_as_old_as_the_file(committed: Path) -> None:
    committed.write_text(_FILE.replace("v1:two", "v1:three"))
    os.utime(committed, (1_800_000_000, 1_800_000_000))
    times = written_at(committed)
    assert times["secrets", "panda", "databasePassword"] == datetime.fromtimestamp(1_800_000_000, UTC)
    assert times["secrets", "hashKey"].month == 1


def test_nothing_is_known_of_a_file_outside_of_git(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(_FILE)
    assert written_at(file) == {}
