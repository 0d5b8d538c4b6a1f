from pathlib import Path

import pytest

from testbed.argocd_bed import announce
from testbed.argocd_bed.git import GitServer

_URL = "http://127.0.0.1:1/charts.git"


def test_a_push_names_its_commits_and_the_paths_that_they_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = GitServer(str(tmp_path / "r"), tmp_path / "r", tmp_path / "c").repository("charts")
    before = repository.commit({"helm/a": "1", "helm/b": "1"})
    after = repository.commit({"helm/b": "2"})
    monkeypatch.chdir(repository.bare)
    event = announce.payload(before, after, "refs/heads/main", _URL, "main")
    assert (event["ref"], event["before"], event["after"]) == ("refs/heads/main", before, after)
    assert event["repository"] == {"html_url": "http://127.0.0.1:1/charts", "default_branch": "main"}
    assert [commit["modified"] for commit in event["commits"]] == [["helm/b"]]


def test_a_new_branch_has_changed_no_path() -> None:
    event = announce.payload("0" * 40, "1" * 40, "refs/heads/main", _URL, "main")
    assert [commit["modified"] for commit in event["commits"]] == [[]]
