import subprocess
from pathlib import Path

import pytest

from testbed.argocd_bed.git import GitServer, Repository
from testbed.errors import BedError


@pytest.fixture
def server(tmp_path: Path) -> GitServer:
    """Served by the file system: git takes a folder as it takes a URL."""
    return GitServer(str(tmp_path / "root"), tmp_path / "root", tmp_path / "clones")


@pytest.fixture
def repository(server: GitServer) -> Repository:
    return server.repository("charts")


def _show(repository: Repository, what: str) -> str:
    done = subprocess.run(
        ["git", "--git-dir", repository.bare, "show", what], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_commit_is_pushed_to_its_branch(repository: Repository) -> None:
    first = repository.commit({"helm/a/Chart.yaml": "name: a\n"})
    second = repository.commit({"helm/a/Chart.yaml": "name: b\n"}, "Rename")
    assert _show(repository, f"{first}:helm/a/Chart.yaml") == "name: a\n"
    assert _show(repository, "main:helm/a/Chart.yaml") == "name: b\n"
    assert len(second) == 40


def test_a_copied_folder_takes_the_place_of_the_former(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"helm/a/old.yaml": "old\n"})
    (folder := tmp_path / "a").mkdir()
    (folder / "new.yaml").write_text("new\n")
    repository.copy(folder, "helm/a")
    assert _show(repository, "main:helm/a").splitlines()[2:] == ["new.yaml"]


def test_a_name_is_given_once(server: GitServer, repository: Repository) -> None:
    assert repository.url.endswith("/charts.git")
    with pytest.raises(BedError, match="charts: exists already"):
        server.repository("charts")


def test_what_git_refuses_is_reported(repository: Repository) -> None:
    repository.commit({"a": "1"})
    with pytest.raises(BedError, match=r"git commit .* in "):
        repository.commit({"a": "1"})


def test_announcing_makes_a_hook_that_may_be_run(repository: Repository) -> None:
    repository.announce("http://127.0.0.1:1")
    hook = repository.bare / "hooks" / "post-receive"
    assert hook.stat().st_mode & 0o111
    assert f"http://127.0.0.1:1/api/webhook {repository.url} main" in hook.read_text()
