"""Describes the deployment of a commit by running the commit's own code."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from panda_infra.clients.programs import Finished, run
from panda_infra.errors import PandaInfraError
from panda_infra.review.revision import Revision

__all__ = ["CommitError", "checked_out", "common_ancestor", "full_name", "revision_of", "unpacked"]

_PATIENCE = 120  # seconds for a commit to describe itself
# Without the test bed: it deploys nothing, and the files of its images contain links that leave the checkout.
_PROGRAM = (".", ":(exclude)testbed")

# Files that determine a deployment. Others, such as reports of a workflow, may lie around.
_DEPLOYED = ("Pulumi.*", "sites", "cric_jsons", "panda_infra", "__main__.py", "policy", "requirements.lock")


class CommitError(PandaInfraError):
    """A commit that is missing from this checkout."""


def full_name(repository: Path, commit: str) -> str:
    """The full hash of a commit.

    Raises:
        CommitError: this checkout has no such commit.
    """
    done = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    if done.code:
        raise CommitError(f"{commit} is no commit of {repository}: fetch it, in CI with the whole history")
    return done.text.strip()


def checked_out(repository: Path) -> tuple[str, bool]:
    """The full hash of the commit of this checkout, and whether files of the program or of stacks differ from it.

    Raises:
        CommitError: it is no checkout.
    """
    commit = full_name(repository, "HEAD")
    return commit, bool(_git(repository, "status", "--porcelain", "--", *_DEPLOYED).text.strip())


def common_ancestor(repository: Path, base: str, head: str) -> str:
    """The commit where ``head`` branched from ``base``; ``base`` itself if the history is missing here."""
    done = _git(repository, "merge-base", base, head)
    return base if done.code else done.text.strip()


def revision_of(repository: Path, commit: str) -> Revision:
    """The revision of a commit; with ``trouble`` if its code fails to describe it."""
    with unpacked(repository, commit) as folder:
        return _described(folder)


@contextmanager
def unpacked(repository: Path, commit: str) -> Iterator[Path]:
    """A temporary folder with a commit's files except the test bed's; the repository is only read.

    Raises:
        CommitError: it cannot be unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="panda-infra-") as scratch:
        folder = Path(scratch)
        packed = _git(repository, "archive", "--format=tar", commit, "--", *_PROGRAM)
        if packed.code:
            raise CommitError(f"{commit} cannot be unpacked: {packed.errors}")
        try:
            with tarfile.open(fileobj=io.BytesIO(packed.output)) as archive:
                archive.extractall(folder, filter="data")
        except tarfile.TarError as error:
            raise CommitError(f"{commit} cannot be unpacked: {error}") from None
        yield folder


def _described(folder: Path) -> Revision:
    command = [sys.executable, "-B", "-m", "panda_infra.review.describe"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return Revision({}, {}, f"its own code gave no Plans in {_PATIENCE} s")
    if done.returncode:
        lines: Sequence[str] = done.stderr.strip().splitlines() or ["no reason given"]
        return Revision({}, {}, f"its own code gave no Plans ({lines[-1]})")
    return Revision.from_json(done.stdout)


def _git(repository: Path, *arguments: str) -> Finished:
    return run(["git", "-C", str(repository), *arguments])
