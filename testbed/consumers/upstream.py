"""Checkouts of others' repositories, for files and programs that are in no registry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tools import build, cache

__all__ = ["NO_ACCOUNTS", "NO_TABLES", "SOURCES", "built"]

_VARIABLE = "PANDA_INFRA_UPSTREAM_SOURCES"
SOURCES = Path(os.environ[_VARIABLE]) if os.environ.get(_VARIABLE) else None
NO_TABLES = f"{_VARIABLE} names no folder with a checkout `panda-database` of PanDA's tables"
NO_ACCOUNTS = f"{_VARIABLE} names no folder with a checkout `iam` of IAM's sources"


def built(checkout: Path, name: str, package: str) -> Path:
    """The executable of a checkout's commit, built once of a package in it."""
    words = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    commit = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    def make(folder: Path) -> None:
        build.find_go().run(checkout, "build", "-trimpath", "-o", str(folder / name), package)

    place = cache.root() / name / commit
    cache.publish(place, make)
    return place / name
