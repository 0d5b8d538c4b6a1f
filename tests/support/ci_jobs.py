"""Jobs of the workflow files, run as a whole: the lines as they stand there, in a shell, in a checkout."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.support import fast_yaml
from tools import REPOSITORY

__all__ = ["GITHUB", "GITLAB", "Outcome", "github_job", "gitlab_job"]

GITHUB = REPOSITORY / ".github" / "workflows"
GITLAB = REPOSITORY / ".gitlab-ci.yml"
_SHELL = ("bash", "-eo", "pipefail", "-c")
_EXISTS = re.compile(r"always\(\) && hashFiles\('([^']+)'\) != ''")


@dataclass(frozen=True)
class Outcome:
    """How a job ended: with 0, or the exit code of the command that failed first.

    ``summary`` and ``outputs`` are the files that GitHub gives its steps.
    """

    code: int
    log: str
    summary: str = ""
    outputs: str = ""

    @property
    def passed(self) -> bool:
        """True if no command has failed."""
        return self.code == 0


def github_job(
    file: str,
    name: str,
    checkout: Path,
    expressions: Mapping[str, str],
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Outcome:
    """Run the steps of a job, without the actions of others.

    Args:
        file: of the workflow.
        name: of the job.
        checkout: the folder that it runs in.
        expressions: the value of each ``${{ expression }}`` in the environments of the job and its steps; variables
            and secrets that nobody has set are empty.
        environment: what the runner sets by itself, over this process' own.
    """
    job = fast_yaml.load((GITHUB / file).read_text())["jobs"][name]
    files = {key: checkout / f".{key.lower()}" for key in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for each in files.values():
        each.touch()
    given = {**environment, **{key: str(each) for key, each in files.items()}}
    code, log = 0, ""
    for step in job["steps"]:
        if "run" not in step or not _is_due(step.get("if", ""), checkout, passed=code == 0):
            continue
        named = {**job.get("env", {}), **step.get("env", {})}
        done = _run(
            step["run"], checkout, given | {key: _value(text, expressions) for key, text in named.items()}
        )
        log += done.stdout
        if not step.get("continue-on-error"):
            code = code or done.returncode
    summary, outputs = (each.read_text() for each in files.values())
    return Outcome(code, log, summary, outputs)


def gitlab_job(name: str, checkout: Path, variables: Mapping[str, str]) -> Outcome:
    """Run a job's script and what comes after it, in a shell of its own as GitLab does.

    What prepares the image and the tools is left out: this machine has them.
    """
    job = fast_yaml.load(GITLAB.read_text())[name]
    done = _run("\n".join(job["script"]), checkout, variables)
    after = _run("\n".join(job.get("after_script", ())), checkout, variables)
    return Outcome(done.returncode, done.stdout + after.stdout)


def _is_due(condition: str, checkout: Path, *, passed: bool) -> bool:
    if not condition:
        return passed
    if condition == "always()":
        return True
    file = _EXISTS.fullmatch(condition)
    assert file, f"not understood here: {condition}"
    return (checkout / file[1]).exists()


def _value(text: str, expressions: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        unset = found[1].startswith(("vars.", "secrets.")) and found[1] not in expressions
        return "" if unset else expressions[found[1]]

    return re.sub(r"\$\{\{ (.+?) }}", value, text)


def _run(lines: str, checkout: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_SHELL, lines],
        cwd=checkout,
        env={**dict(_environment()), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _environment() -> Iterator[tuple[str, str]]:
    """This process' own, without the variables of a run of CI that this may be part of."""
    own = ("GITHUB_", "CI_", "GITLAB_")
    return ((key, value) for key, value in os.environ.items() if not key.startswith(own))
