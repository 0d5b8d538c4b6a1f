"""Find the runs that work on a stack now, by the engine's lock files; other backends than files have none."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

__all__ = ["Run", "runs"]

_FILES = "file://"


@dataclass(frozen=True, order=True)
class Run:
    """A run that holds the lock; ``dead`` is true if it was killed on this machine and left its lock behind."""

    since: datetime
    by: str
    dead: bool = False


def runs(backend: str, project: str, stack: str, *, folder: Path) -> tuple[Run, ...]:
    """The runs that hold a stack's lock, the oldest first; empty if the backend is not made of files.

    Args:
        backend: its URL, relative to ``folder``.
        project: name of the project.
        stack: name of the stack.
        folder: working directory of the engine.
    """
    if not backend.startswith(_FILES):
        return ()
    place = folder / Path(backend.removeprefix(_FILES).partition("?")[0] or "~").expanduser()
    held = (place / ".pulumi" / "locks" / "organization" / project / stack).glob("*.json")
    return tuple(sorted(_read(held)))


def _read(locks: Iterator[Path]) -> Iterator[Run]:
    for lock in locks:
        try:
            content = json.loads(lock.read_text(encoding="utf-8"))
            since = datetime.fromisoformat(content["timestamp"])
            by = f"{content['username']}@{content['hostname']} (pid {content['pid']})"
            yield Run(
                since, by, content["hostname"] == socket.gethostname() and not _lives(int(content["pid"]))
            )
        except (OSError, ValueError, LookupError, TypeError):
            continue  # just released, or still being written


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
