"""Run programs of this machine: Helm, the Pulumi CLI, git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from panda_infra.errors import PandaInfraError

__all__ = ["Finished", "on_path", "run"]


@dataclass(frozen=True)
class Finished:
    """The result of a program: its exit code, its standard output as bytes, and its standard error as text."""

    code: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        """The output as text with unchanged line ends."""
        return self.output.decode()

    @property
    def last_error(self) -> str:
        """The last line of the standard error, which is the most specific one."""
        return (self.errors.splitlines() or ["no reason given"])[-1]


def on_path(name: str, called: str, failure: type[PandaInfraError]) -> str:
    """The path of a program that this project can also build.

    Args:
        name: of its file, and of the tool to build.
        called: its name in the error.
        failure: raised when it is missing.
    """
    found = shutil.which(name)
    if found is None:
        raise failure(
            f"{called} is not on PATH: install it, or run `python -m tools build {name}` and then "
            '`eval "$(python -m tools env)"`'
        )
    return found


def run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] = {},
    stdin: str = "",
) -> Finished:
    """Run a program to its end, with ``environment`` on top of that of this process.

    Raises:
        FileNotFoundError: the program is missing.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        # Not as text: universal newlines would change a value's line ends.
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr.decode(errors="replace").strip())
