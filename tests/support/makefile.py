"""The targets of the Makefile, without making any."""

from __future__ import annotations

import subprocess

from tools import REPOSITORY

__all__ = ["recipe"]


def recipe(*words: str) -> str:
    """The commands that ``make`` with these words runs, each on a line of its own."""
    done = subprocess.run(
        ["make", "--dry-run", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout.replace("\\\n", " ")
