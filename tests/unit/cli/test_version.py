"""The version of a checkout comes from the tags of git."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli.version import version_of
from panda_infra.errors import PandaInfraError
from tools import REPOSITORY

_ME = (
    "-c",
    "user.name=Me",
    "-c",
    "user.email=me@site.org",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "tag.gpgsign=false",
)


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *_ME, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit and no tag."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    _git(folder, "init", "--quiet")
    (folder / "file").write_text("1\n")
    _git(folder, "add", "file")
    _git(folder, "commit", "--quiet", "--message", "First")
    return folder


def test_before_the_first_release_it_is_the_commit(checkout: Path) -> None:
    assert (
        version_of(checkout) == f"{_git(checkout, 'rev-parse', '--short', 'HEAD')} (before the first release)"
    )


@pytest.mark.parametrize("annotated", [True, False])
def test_a_release_is_its_tag(checkout: Path, *, annotated: bool) -> None:
    _git(checkout, "tag", *(("--annotate", "--message", "0.2.0") if annotated else ()), "v0.2.0")
    assert version_of(checkout) == "0.2.0"


def test_later_commits_and_changes_are_counted(checkout: Path) -> None:
    _git(checkout, "tag", "v0.2.0")
    _git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Second")
    commit = _git(checkout, "rev-parse", "--short", "HEAD")
    assert version_of(checkout) == f"0.2.0-1-g{commit}"
    (checkout / "file").write_text("2\n")
    assert version_of(checkout) == f"0.2.0-1-g{commit}-dirty"


def test_only_tags_of_releases_count(checkout: Path) -> None:
    _git(checkout, "tag", "v0.2.0")
    _git(checkout, "commit", "--quiet", "--allow-empty", "--message", "Second")
    _git(checkout, "tag", "deployed-at-cern")
    assert version_of(checkout).startswith("0.2.0-1-g")


def test_an_archive_has_no_version(tmp_path: Path, checkout: Path) -> None:
    # Inside of another repository, whose tags are those of another program.
    inner = checkout / "unpacked"
    inner.mkdir()
    for folder in (tmp_path, inner):
        with pytest.raises(PandaInfraError, match=r"no checkout of git.*git clone"):
            version_of(folder)


def test_a_failure_of_git_is_shown(checkout: Path) -> None:
    (checkout / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(PandaInfraError, match="git cannot name the version"):
        version_of(checkout)


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="this copy of the repository has no history")
def test_the_program_prints_it(run: Any) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("panda-infra ")
    assert len(result.stdout.split()) > 1


def test_the_program_prints_why_it_has_none(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("panda_infra.cli.version._CHECKOUT", tmp_path)
    result = run("--version")
    assert result.exit_code == 1
    assert f"error: {tmp_path} is no checkout of git" in " ".join(result.stderr.split())
