"""Kill the processes that an engine started soon after the engine is gone.

A killed engine leaves its plugins and language hosts behind, and they would go on writing to the cluster while the
next run works on it. A killed process sends no signal, so its address is tried again and again. Each process that the
engine starts has this address among its arguments.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["end_with"]

_PAUSE = 0.5  # seconds between two tries
_REFUSALS = 2  # in a row: a busy engine still accepts connections


def end_with(engine: str) -> None:
    """End this process, and all others of its engine, when nothing listens at the engine's address any more.

    Args:
        engine: ``host:port``, as the engine gives it to each process that it starts.
    """
    threading.Thread(target=_watch, args=(engine,), daemon=True).start()


def _watch(engine: str) -> None:
    host, _, port = engine.rpartition(":")
    pause = threading.Event()
    refusals = 0
    while refusals < _REFUSALS:
        pause.wait(_PAUSE)
        refusals = 0 if _listens((host, int(port))) else refusals + 1
    for process in _started_by(engine):
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)
    os._exit(1)


def _listens(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=_PAUSE).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True  # a time-out is not a refusal
    return True


def _started_by(engine: str) -> Iterator[int]:
    """The other processes of this user that have the engine's address among their arguments."""
    for number, words in _processes():
        if engine in words and number != os.getpid():
            yield number


def _processes() -> Iterator[tuple[int, list[str]]]:
    if Path("/proc/self/cmdline").exists():
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if folder.stat().st_uid == os.getuid():
                    yield (
                        int(folder.name),
                        (folder / "cmdline").read_bytes().decode(errors="replace").split("\0"),
                    )
        return
    listed = subprocess.run(
        ["ps", "-U", str(os.getuid()), "-o", "pid=,args="], capture_output=True, text=True, check=False
    )
    for line in listed.stdout.splitlines():
        number, _, words = line.strip().partition(" ")
        yield int(number), words.split()
