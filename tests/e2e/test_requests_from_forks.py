"""What a request from a fork runs, job by job as the workflow files have it, in a history of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import fast_yaml
from tests.support.ci_jobs import GITHUB, GITLAB, Outcome, github_job, gitlab_job
from tests.support.documented import documented
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_BASE = "github.event.pull_request.base.sha"
_GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Fork:
    """A checkout whose last commit changes the stack `small`, and the commit before."""

    folder: Path
    base: str


@pytest.fixture
def fork(tmp_path: Path) -> Fork:
    folder = tmp_path / "checkout"
    shutil.copytree(REPOSITORY, folder, symlinks=True, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for file in folder.glob("Pulumi.*.yaml"):
        file.unlink()
    (folder / ".gitignore").write_text("/.venv\n")
    _git(folder, "init", "--quiet")
    for notes in ({}, {"a": "b"}):
        _stack(folder / "Pulumi.small.yaml", {"activemq": {"annotations": notes}})
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message", "next")
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    return Fork(folder, _git(folder, "rev-parse", "HEAD~1"))


def test_its_stacks_are_found(fork: Fork) -> None:
    outcome = github_job("preview.yml", "changes", fork.folder, {_BASE: fork.base})
    assert outcome.passed, outcome.log
    assert outcome.outputs == 'stacks=["small"]\n'
    assert "small: changed" in outcome.log


def test_a_stack_that_is_wrong_keeps_no_other_from_its_preview(fork: Fork) -> None:
    _stack(fork.folder / "Pulumi.wrong.yaml", {"nonsense": True})
    _git(fork.folder, "add", "--all")
    _git(fork.folder, "commit", "--quiet", "--message", "slip")
    outcome = github_job("preview.yml", "changes", fork.folder, {_BASE: fork.base})
    assert outcome.passed, outcome.log
    assert json.loads(outcome.outputs.removeprefix("stacks=")) == ["small", "wrong"]
    assert "nonsense" in outcome.log


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_it_gets_a_preview_of_a_stack_that_only_its_site_can_complete(fork: Fork, platform: str) -> None:
    outcome = _on_github(fork) if platform == "github" else _on_gitlab(fork)
    assert outcome.passed, outcome.log
    assert "nothing left" in outcome.log
    assert "### Stack `small`: 1 changed" in (outcome.summary or outcome.log)
    assert "- Release `msgsvc` is changed" in (fork.folder / "preview.md").read_text()


def test_the_page_has_the_commands_that_its_job_runs() -> None:
    name = {"sphenix": '"$STACK"'}
    reported = (
        documented(
            "python -m panda_infra rehearse sphenix --since origin/main", {**name, "origin/main": '"$BASE"'}
        ),
        documented(
            "python -m panda_infra review comment sphenix --preview-json preview.json --whole preview.md",
            name,
        ),
    )
    lines = (GITHUB / "preview.yml").read_text()
    for command in reported:
        assert command.text in lines
    assert "rehearse" in GITLAB.read_text()


def _on_github(fork: Fork) -> Outcome:
    return github_job("preview.yml", "fork", fork.folder, {_BASE: fork.base, "matrix.stack": "small"})


def _on_gitlab(fork: Fork) -> Outcome:
    return gitlab_job("fork", fork.folder, {"STACK": "small", "CI_MERGE_REQUEST_DIFF_BASE_SHA": fork.base})


def _stack(file: Path, broker: dict[str, Any]) -> None:
    """A small stack without the way into its cluster, which the site adds."""
    sections = {
        "experiment": "dev",
        "namespace": "small",
        "cluster": {"kind": "existing"},
        "storage": {"class": "of-the-site"},
        "components": {"msgsvc": broker},
    }
    config = {f"panda-infra:{key}": value for key, value in sections.items()}
    file.write_text(fast_yaml.dump({"config": config}))


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run([*_GIT, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()
