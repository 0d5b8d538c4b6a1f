"""The same stories on both forges, over real HTTP."""

from __future__ import annotations

import pytest

from panda_infra.clients.forges.forge import GITHUB_LIMIT, GITLAB_LIMIT, Client, Forge, ForgeError, unpack
from panda_infra.clients.forges.github import GitHub
from panda_infra.clients.forges.gitlab import GitLab
from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError
from panda_infra.review.drift import LABEL
from panda_infra.review.runs import forge_of_this_run
from tests.support import forge as forges

MARKER = "<!-- marker: doma -->"


def test_a_comment_is_written_once_and_updated_later(forge: Forge, content: forges.Content) -> None:
    content.comments[12] = [{"id": n, "body": "somebody's words"} for n in range(1, 131)]
    forge.comment(12, MARKER, f"{MARKER}\nfirst")
    forge.comment(12, "<!-- marker: lsst -->", "<!-- marker: lsst -->\nanother stack")
    forge.comment(12, MARKER, f"{MARKER}\nsecond")
    assert [each["body"] for each in content.comments[12][130:]] == [
        f"{MARKER}\nsecond",
        "<!-- marker: lsst -->\nanother stack",
    ]


def test_an_issue_is_opened_updated_and_closed(forge: Forge, content: forges.Content) -> None:
    assert forge.issue(MARKER, LABEL) is None
    forge.open_issue("Drift", f"{MARKER}\none", LABEL)
    for each in content.issues:  # GitHub's word is open, GitLab's is opened
        each.setdefault("body", each.get("description"))
        each.setdefault("description", each["body"])
    issue = forge.issue(MARKER, LABEL)
    assert issue is not None
    assert issue.body == f"{MARKER}\none"
    forge.update_issue(issue.number, f"{MARKER}\ntwo")
    forge.close_issue(issue.number)
    assert forge.issue(MARKER, LABEL) is None
    assert content.issues[0]["state"] == "closed"
    assert f"{MARKER}\ntwo" in (content.issues[0]["body"], content.issues[0]["description"])


def test_refusals_are_reported_without_the_token(content: forges.Content) -> None:
    for forge in (GitHub(content.url, "o/r", "wrong-token"), GitLab(content.url, "7", "wrong-token")):
        with pytest.raises(NotAllowedError, match=r"GET /\S+ was refused \(401 Unauthorized\)") as caught:
            forge.comment(1, MARKER, "text")
        assert "wrong-token" not in str(caught.value)


def test_a_forge_that_does_not_answer_is_reported(content: forges.Content) -> None:
    forge = GitHub("http://127.0.0.1:9", "o/r", forges.TOKEN)
    with pytest.raises(NoAnswerError, match="does not answer"):
        forge.merged_request("abc")
    assert content.log == []


def test_what_is_not_there_has_its_own_type(content: forges.Content) -> None:
    with pytest.raises(NotFoundError, match="was answered with 404"):
        Client(f"{content.url}/nowhere", {"Authorization": f"Bearer {forges.TOKEN}"}).send("GET", "/nothing")


def test_an_archive_that_is_none_is_reported() -> None:
    with pytest.raises(ForgeError, match="no zip archive"):
        unpack(b"<html>")


def test_github_finds_the_review_of_the_merged_request(content: forges.Content) -> None:
    forge = GitHub(content.url, "o/r", forges.TOKEN)
    assert forge.merged_request("abc") is None
    content.requests_of["abc"] = [
        {"number": 3, "merged_at": None, "merge_commit_sha": "abc"},
        {"number": 4, "merged_at": "2026-01-01", "merge_commit_sha": "older"},
        {"number": 5, "merged_at": "2026-01-01", "merge_commit_sha": "abc"},
    ]
    assert forge.merged_request("abc") == 5
    assert forge.reviewed("doma", 5) is None
    own, foreign = ({"head_repository_id": n, "repository_id": 1} for n in (1, 2))
    name = {"name": "reviewed-doma-5", "expired": False}
    content.artifacts = [
        {**name, "id": 1, "created_at": "2026-01-01", "workflow_run": own},
        {**name, "id": 2, "created_at": "2026-01-02", "workflow_run": own},
        {**name, "id": 3, "created_at": "2026-01-03", "workflow_run": foreign},
        {**name, "id": 4, "created_at": "2026-01-04", "workflow_run": own, "expired": True},
        {**name, "id": 5, "created_at": "2026-01-05", "workflow_run": own, "name": "reviewed-doma-55"},
    ]
    content.files["/actions/artifacts/2/zip"] = forges.archive({"plan.json": b"{}"})
    assert forge.reviewed("doma", 5) == {"plan.json": b"{}"}


def test_gitlab_finds_the_review_of_the_merged_request(content: forges.Content) -> None:
    forge = GitLab(content.url, "7", forges.TOKEN)
    content.requests_of["abc"] = [{"iid": 8, "state": "closed"}, {"iid": 9, "state": "merged"}]
    assert forge.merged_request("abc") == 9
    assert forge.reviewed("doma", 9) is None
    path = "/jobs/artifacts/refs/merge-requests/9/head/download?job=preview: [doma]"
    content.files[path] = forges.archive({"reviewed/plan.json": b"{}"})
    assert forge.reviewed("doma", 9) == {"plan.json": b"{}"}


def test_each_forge_has_its_own_limit() -> None:
    assert (GitHub.limit, GitLab.limit) == (GITHUB_LIMIT, GITLAB_LIMIT)


def test_the_forge_is_the_one_that_runs_this(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ForgeError, match="neither"):
        forge_of_this_run()
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_API_V4_URL", "http://127.0.0.1")
    monkeypatch.setenv("CI_PROJECT_ID", "7")
    with pytest.raises(ForgeError, match="GITLAB_TOKEN is not set"):
        forge_of_this_run()
    monkeypatch.setenv("GITLAB_TOKEN", "t")
    assert isinstance(forge_of_this_run(), GitLab)
    for name in ("GITHUB_ACTIONS", "GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "x")
    assert isinstance(forge_of_this_run(), GitHub)
