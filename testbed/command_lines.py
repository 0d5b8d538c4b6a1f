"""The command lines of processes, in which no secret may be."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["watched_arguments"]


@contextmanager
def watched_arguments(every: float = 0.1) -> Iterator[set[str]]:
    """The command lines of each process that lives while the context does, as read every so many seconds."""
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(every):
            seen.update(_command_lines(Path("/proc").glob("[0-9]*/cmdline")))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def _command_lines(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            yield file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
