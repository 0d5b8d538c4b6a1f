"""Reviews with an engine that prints what the test wants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.clients.forges.forge import GITHUB_LIMIT, Issue
from panda_infra.clients.pulumi.cli import Pulumi, PulumiError
from panda_infra.clients.vault import VaultError
from panda_infra.errors import PandaInfraError
from panda_infra.review import runs
from panda_infra.review.comment import marked_stack
from panda_infra.review.engine import Engine
from panda_infra.review.revision import Revision, StackPlan
from panda_infra.review.runs import Review, apply, check_drift
from panda_infra.review.seal import Seal, SealError, hash_of, state_version
from tests.support import vault
from tests.support.previews import printed, release, step

SECRET = "a-password-of-the-broker"
STATE = json.dumps({"deployment": {"resources": [{"urn": "u", "id": "1", "modified": "now"}]}})
CONFIG = json.dumps({"panda-infra:secrets": {"value": json.dumps({"msgsvc": {"p": SECRET}}), "secret": True}})
REVISION = Revision({"doma": StackPlan({})}, {})

# Answers with the file of its command's name; keeps the arguments; writes a plan where an option asks for it.
_PULUMI = """#!/bin/sh
here=${0%/*}
printf '%s\\n' "$*" >> "$here/calls"
command=$1
[ "$1 $2" = "stack --stack" ] && command=known
while [ $# -gt 0 ]; do
    [ "$1" = --save-plan ] && /bin/cp "$here/plan" "$2"
    [ "$1" = --event-log ] && [ -e "$here/events" ] && /bin/cp "$here/events" "$2"
    shift
done
/bin/cat "$here/$command"
/bin/cat "$here/$command.errors" >&2 2>/dev/null
exit $(/bin/cat "$here/$command.code" 2>/dev/null || echo 0)
"""


class FakeEngine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        executable = folder / "pulumi"
        executable.write_text(_PULUMI)
        executable.chmod(0o755)
        self.says(
            known="doma\n",
            stack=STATE,
            config=CONFIG,
            preview=printed(same=1),
            up="updated\n",
            plan='{"plan": 1}',
        )
        self.engine = Engine(Pulumi(str(executable), folder), "doma")

    def says(self, **outputs: str) -> None:
        for command, text in outputs.items():
            (self.folder / command).write_text(text)

    def fails(self, command: str) -> None:
        (self.folder / f"{command}.code").write_text("255")

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


class FakeForge:
    limit = GITHUB_LIMIT

    def __init__(self, issue: Issue | None = None) -> None:
        self.open = issue
        self.done: list[str] = []

    def comments(self, request: int) -> Iterator[str]:
        raise NotImplementedError

    def comment(self, request: int, marker: str, text: str) -> None:
        raise NotImplementedError

    def issue(self, marker: str, label: str) -> Issue | None:  # noqa: ARG002 - there is at most one
        return self.open

    def open_issue(self, title: str, text: str, label: str) -> None:  # noqa: ARG002
        self.done.append(f"open {title}")

    def update_issue(self, number: int, text: str) -> None:  # noqa: ARG002
        self.done.append(f"update {number}")

    def close_issue(self, number: int) -> None:
        self.done.append(f"close {number}")

    def merged_request(self, commit: str) -> int | None:
        raise NotImplementedError

    def reviewed(self, stack: str, request: int) -> Mapping[str, bytes] | None:
        raise NotImplementedError


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    monkeypatch.setattr(runs, "revision", lambda _folder: REVISION)
    return FakeEngine(tmp_path)


def kept(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_review_keeps_the_plan_under_a_seal(fake: FakeEngine, tmp_path: Path) -> None:
    folder = tmp_path / "reviewed"
    Review(fake.engine, folder).make(GITHUB_LIMIT, "c0ffee")
    assert set(kept(folder)) == {"plan.json", "seal.json", "comment.md", "preview.md"}
    expected = Seal("doma", REVISION.fingerprint("doma"), state_version(STATE), hash_of(b'{"plan": 1}'))
    assert Seal.from_json((folder / "seal.json").read_text()) == expected
    assert list(apply(fake.engine, kept(folder), tmp_path / "scratch")) == ["updated"]
    (update,) = [call for call in fake.calls if call.startswith("up ")]
    assert "--refresh --plan" in update
    judged = [call for call in fake.calls if call.startswith(("up ", "preview "))]
    assert all(f"--policy-pack {tmp_path / 'policy'}" in call for call in judged)


@pytest.mark.parametrize("leaking", ["plan", "preview"])
def test_nothing_is_kept_when_anything_holds_a_secret(fake: FakeEngine, tmp_path: Path, leaking: str) -> None:
    change = release("msgsvc", {"activemq": {"a": 1}}, {"activemq": {"a": SECRET}})
    fake.says(**{leaking: json.dumps({"hidden": SECRET}) if leaking == "plan" else printed(change)})
    with pytest.raises(PandaInfraError, match="held a secret value, so nothing is kept") as caught:
        Review(fake.engine, tmp_path / "reviewed").make(GITHUB_LIMIT)
    assert SECRET not in str(caught.value)
    left = kept(tmp_path / "reviewed")
    assert set(left) == {"comment.md"}
    assert b"held a secret value, so nothing is kept" in left["comment.md"]
    assert SECRET.encode() not in left["comment.md"]


@pytest.mark.parametrize(
    ("files", "reported"),
    [
        ({}, "kept no plan"),
        ({"plan.json": b"{}", "seal.json": b"nonsense"}, "cannot be read"),
        ({"plan.json": b"{}", "seal.json": Seal("doma", "x", "y", "z").to_json().encode()}, "is not the one"),
    ],
)
def test_without_its_seal_nothing_is_applied(
    fake: FakeEngine, tmp_path: Path, files: dict[str, bytes], reported: str
) -> None:
    with pytest.raises(SealError, match=reported):
        list(apply(fake.engine, files, tmp_path / "scratch"))
    assert not (tmp_path / "calls").exists() or not [call for call in fake.calls if call.startswith("up ")]


def test_a_refused_update_fails_and_shows_no_value(fake: FakeEngine, tmp_path: Path) -> None:
    folder = tmp_path / "reviewed"
    Review(fake.engine, folder).make(GITHUB_LIMIT)
    fake.says(up=f"error: resource r violates plan: properties changed: ~~data[{{{SECRET}\nmore {SECRET}\n")
    fake.fails("up")
    lines: list[str] = []
    with pytest.raises(PulumiError, match="was not deployed as reviewed"):
        lines.extend(apply(fake.engine, kept(folder), tmp_path / "scratch"))
    assert SECRET not in "".join(lines)


def test_a_preview_that_does_not_begin_is_reported(fake: FakeEngine, tmp_path: Path) -> None:
    folder = tmp_path / "reviewed"
    Review(fake.engine, folder).make(GITHUB_LIMIT, "bead")
    fake.says(preview="error: no such stack")
    fake.fails("preview")
    with pytest.raises(PulumiError, match=r"(?s)the preview of stack doma did not begin.*no such stack"):
        Review(fake.engine, folder).make(GITHUB_LIMIT, "c0ffee")
    left = kept(folder)
    assert set(left) == {"comment.md"}, "what an earlier preview kept is no review of this commit"
    comment = left["comment.md"].decode()
    assert marked_stack(comment) == "doma"
    assert "no such stack" in comment
    assert "c0ffee" in comment


@pytest.mark.parametrize("secret", [SECRET, "the-token-of-this-run"])
def test_a_reason_with_a_secret_stays_in_the_log(
    fake: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "the-token-of-this-run")
    fake.says(preview=f"error: {secret} is no password")
    fake.fails("preview")
    with pytest.raises(PulumiError):
        Review(fake.engine, tmp_path / "reviewed").make(GITHUB_LIMIT)
    comment = (tmp_path / "reviewed" / "comment.md").read_text()
    assert secret not in comment
    assert "look into the log of this run" in comment


def test_when_the_secrets_cannot_be_read_the_reason_is_reported(fake: FakeEngine, tmp_path: Path) -> None:
    fake.fails("stack")
    fake.fails("config")
    with pytest.raises(PulumiError, match="`pulumi stack export` failed"):
        Review(fake.engine, tmp_path / "reviewed").make(GITHUB_LIMIT)
    assert "`pulumi stack export` failed" in (tmp_path / "reviewed" / "comment.md").read_text()


def test_a_folder_that_cannot_be_made_ends_in_words(fake: FakeEngine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PandaInfraError, match=r"file/reviewed cannot be made: Not a directory"):
        Review(fake.engine, tmp_path / "file" / "reviewed").make(GITHUB_LIMIT)
    assert not (fake.folder / "calls").exists()


def test_a_violated_policy_is_reported_in_the_comment(fake: FakeEngine, tmp_path: Path) -> None:
    event = {
        "policyName": "inside-the-namespace",
        "message": "A stack keeps to its own namespace.\nstray: belongs into namespace panda\n",
        "enforcementLevel": "mandatory",
    }
    lines = [{"sequence": 1, "preludeEvent": {}}, {"sequence": 2, "policyEvent": event}]
    fake.says(preview=printed(errors=["preview failed"]), events="\n".join(map(json.dumps, lines)))
    previewed = Review(fake.engine, tmp_path / "reviewed").make(GITHUB_LIMIT)
    reported = "inside-the-namespace: stray: belongs into namespace panda"
    assert previewed.errors == (reported, "preview failed")
    assert reported in (tmp_path / "reviewed" / "comment.md").read_text()


DRIFT: dict[str, Any] = step("update", "kubernetes:core/v1:Secret", "panda-envs", {}, {"a": 1})


@pytest.mark.parametrize(
    ("preview", "issue", "done"),
    [
        (printed(same=3), None, []),
        (printed(DRIFT), None, ["open Stack doma has drifted"]),
        (printed(DRIFT), Issue(4, "yesterday's"), ["update 4"]),
        (printed(DRIFT, errors=["apply conflict"]), None, ["open Stack doma has drifted"]),
        (printed(same=3), Issue(4, "yesterday's"), ["close 4"]),
    ],
)
def test_drift_moves_the_issue(fake: FakeEngine, preview: str, issue: Issue | None, done: list[str]) -> None:
    fake.says(preview=preview)
    forge = FakeForge(issue)
    check_drift(fake.engine, forge)
    assert forge.done == done


@pytest.mark.parametrize("known", [True, False], ids=["nothing in it", "unknown to the backend"])
@pytest.mark.parametrize(("issue", "done"), [(None, []), (Issue(4, "yesterday's"), ["close 4"])])
def test_what_is_not_deployed_has_not_drifted(
    fake: FakeEngine, known: bool, issue: Issue | None, done: list[str]
) -> None:
    fake.says(preview=printed(DRIFT), stack=json.dumps({"deployment": {"resources": []}}))
    if not known:
        fake.says(**{"known.errors": "error: no stack named 'doma' found\n", "stack": "not to be asked for"})
        fake.fails("known")
    forge = FakeForge(issue)
    assert check_drift(fake.engine, forge).startswith("not deployed, ")
    assert forge.done == done


def test_an_error_without_a_finding_leaves_the_issue_alone(fake: FakeEngine) -> None:
    fake.says(preview=printed(errors=["no way into the cluster"]))
    forge = FakeForge(Issue(4, "yesterday's"))
    with pytest.raises(PandaInfraError, match="no way into the cluster"):
        check_drift(fake.engine, forge)
    assert forge.done == []


def test_a_report_with_a_secret_is_not_posted(fake: FakeEngine) -> None:
    fake.says(preview=printed(step("update", "x:y:Z", "z", {}, {"a": SECRET})))
    forge = FakeForge()
    with pytest.raises(PandaInfraError, match="would hold a secret value"):
        check_drift(fake.engine, forge)
    assert forge.done == []


def test_values_of_a_vault_count_as_secrets_and_references_do_not(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = {"panda": {"databasePassword": "vault:secret/panda#database", "other": "of-the-stack-file"}}
    listed = {"panda-infra:secrets": {"value": json.dumps(section), "secret": True}}
    fake.says(config=json.dumps(listed))
    with vault.running() as asked:
        asked.put("secret/panda", database="canary-of-the-vault")
        for name, text in asked.environment.items():
            monkeypatch.setenv(name, text)
        assert fake.engine.secrets() == {"of-the-stack-file", "canary-of-the-vault"}
        asked.delete("secret/panda")
        with pytest.raises(VaultError, match="version 1 is deleted"):
            fake.engine.secrets()
