"""The age of each encrypted value, from git, so that it is stored nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml

from panda_infra.clients.programs import run
from panda_infra.config import yaml_nodes
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.stackfile import NAMESPACE

__all__ = ["written_at"]

_UNCOMMITTED = "0" * 40


def written_at(file: Path) -> dict[KeyPath, datetime]:
    """The time of each encrypted value of a stack file: the time of the commit that last changed its line.

    Uncommitted lines are as old as the file. Without git, or for a file that git does not know, the result is empty.
    A new secrets provider encrypts every line again, so all values then count as new.
    """
    lines = _blame(file)
    return {path: lines[line] for path, line in _encrypted_lines(file).items() if line in lines}


def _encrypted_lines(file: Path) -> Mapping[KeyPath, int]:
    """The line number (from 1) of each encrypted value, by its path below the namespace."""
    prefix = f"{NAMESPACE}:"
    found: dict[KeyPath, int] = {}
    for entry in yaml_nodes.entries(yaml_nodes.compose(file.read_text(encoding="utf-8"))):
        match entry.path, entry.value:
            case ("config", str(section), *inside, "secure"), yaml.ScalarNode() if section.startswith(prefix):
                found[section.removeprefix(prefix), *inside] = entry.value.start_mark.line + 1
    return found


def _blame(file: Path) -> dict[int, datetime]:
    try:
        done = run(["git", "blame", "--line-porcelain", "--", file.name], folder=file.parent)
    except FileNotFoundError:
        return {}
    times: dict[int, datetime] = {}
    number, commit = 0, ""
    for line in done.text.splitlines():
        words = line.split(" ")
        if len(words[0]) == len(_UNCOMMITTED) and len(words) > 2:  # noqa: PLR2004 - hash, old line, new line
            commit, number = words[0], int(words[2])
        elif words[0] == "author-time":
            times[number] = datetime.fromtimestamp(int(words[1]), UTC)
        elif words[0] == "committer-time" and commit == _UNCOMMITTED:
            times[number] = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return times
