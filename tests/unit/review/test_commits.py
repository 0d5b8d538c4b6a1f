from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from panda_infra.review.commits import CommitError, common_ancestor, full_name, revision_of, unpacked
from tools import REPOSITORY

_DESCRIBE = "panda_infra/review/describe.py"
_GOOD = """print('{"format": 1, "program": {"a": "1"}, "stacks": {}}')"""


class History:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.folder), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, code: str) -> str:
        file = self.folder / _DESCRIBE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def test_a_commit_is_described_by_its_own_code_and_leaves_nothing(history: History) -> None:
    first = history.commit(_GOOD)
    history.commit("raise SystemExit(1)")
    assert revision_of(history.folder, first).program == {"a": "1"}
    assert history.git("status", "--porcelain") == ""
    assert history.git("worktree", "list").count("\n") == 0


@pytest.mark.parametrize(
    ("code", "reported"),
    [
        ("raise RuntimeError('broken')", "its own code gave no Plans (RuntimeError: broken)"),
        ("print('nonsense')", "its own code gave no Plans"),
        ("""print('{"format": 7}')""", "its Plans are in format 7, not 1"),
    ],
)
def test_code_that_cannot_say_is_reported_with_its_reason(history: History, code: str, reported: str) -> None:
    assert revision_of(history.folder, history.commit(code)).trouble == reported


def test_a_commit_from_before_there_were_descriptions_has_trouble(history: History) -> None:
    (history.folder / "README.md").write_text("words")
    history.git("add", "--all")
    history.git("commit", "--quiet", "-m", "x")
    assert "No module named" in revision_of(history.folder, "HEAD").trouble


def test_unknown_commits_are_refused(history: History) -> None:
    history.commit(_GOOD)
    for name in ("nowhere", "--help", "0" * 40):
        with pytest.raises(CommitError, match="is no commit of"):
            full_name(history.folder, name)


def test_a_branch_is_compared_with_where_it_began(history: History) -> None:
    base = history.commit(_GOOD)
    history.git("checkout", "--quiet", "-b", "change")
    head = history.commit("pass")
    history.git("checkout", "--quiet", "main")
    main = history.commit("pass  # main goes on")
    assert common_ancestor(history.folder, main, head) == base
    history.git("checkout", "--quiet", "--orphan", "elsewhere")
    other = history.commit("pass  # no common history")
    assert common_ancestor(history.folder, other, head) == other
    assert full_name(history.folder, "main") == main


def test_a_commit_with_a_link_out_of_the_checkout_is_refused_in_words(history: History) -> None:
    (history.folder / "link").symlink_to("/elsewhere")
    with pytest.raises(CommitError, match="cannot be unpacked"):
        revision_of(history.folder, history.commit(_GOOD))


def test_what_the_test_bed_links_to_is_no_matter(history: History) -> None:
    (history.folder / "testbed").mkdir()
    (history.folder / "testbed" / "link").symlink_to("/elsewhere")
    with unpacked(history.folder, history.commit(_GOOD)) as folder:
        assert [file.name for file in folder.iterdir()] == ["panda_infra"]


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="this copy of the repository has no history")
def test_the_present_commit_of_this_repository_describes_itself() -> None:
    assert revision_of(REPOSITORY, full_name(REPOSITORY, "HEAD")).trouble == ""
