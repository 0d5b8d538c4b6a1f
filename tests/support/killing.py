"""Runs of the engine that are killed at a point of their work, as by a laptop's lid or a cancelled job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from testbed import waiting
from testbed.workspace import Workspace

__all__ = ["kill", "left_running", "steps"]

_STEP = ("resourcePreEvent", "resOutputsEvent")
_WITHIN = 120  # seconds for a run to come to the point at which it is to be killed


def steps(stack: Workspace, command: str) -> int:
    """How many steps a run begins and ends when nobody kills it."""
    done = stack.unattended(command, "--json")
    assert done.code == 0, done.text
    return sum(_is_step(line) for line in done.stdout.splitlines())


def kill(
    stack: Workspace,
    command: str,
    *,
    after: int = 0,
    until: Callable[[], bool] | None = None,
    how: Callable[[subprocess.Popen[str]], None] | None = None,
) -> None:
    """Begin a run and kill it with its process group.

    Args:
        stack: whose run it is.
        command: ``up`` or ``destroy``.
        after: steps that have begun or ended.
        until: is waited for then.
        how: does something else to the run, which must then fail by itself.
    """
    running = subprocess.Popen(
        ["pulumi", command, "--yes", "--skip-preview", "--json", "--non-interactive", "--stack", stack.stack],
        cwd=stack.folder,
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output: list[str] = []
    begun = threading.Event()

    def read() -> None:
        for line in running.stdout or ():
            output.append(line)
            if not begun.is_set() and sum(map(_is_step, output)) >= after:
                # The rest of a run may take less time than the next look at it.
                if until is None and how is None:
                    os.killpg(running.pid, signal.SIGKILL)
                begun.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def ended() -> bool:
        return running.poll() is not None

    try:
        waiting.until(lambda: ended() or begun.is_set(), "enough steps", _WITHIN)
        if until is not None:
            waiting.until(lambda: ended() or until(), "the point to kill at", _WITHIN)
        assert running.poll() in (None, -signal.SIGKILL), "\n".join(
            ["the run ended before it was killed", *output]
        )
        if how:
            how(running)
            assert running.wait(_WITHIN), "\n".join(["the run was to fail", *output])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        reader.join(_WITHIN)


def left_running(stack: Workspace) -> list[str]:
    """The command lines of processes that still work for a stack."""
    mark = f"PULUMI_CONFIG_PASSPHRASE_FILE={stack.folder / 'passphrase'}".encode()
    return sorted(_marked(mark))


def _marked(mark: bytes) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if any(words):
                    yield b" ".join(words).decode(errors="replace")
        except OSError:
            continue


def _is_step(line: str) -> bool:
    with suppress(ValueError):
        return any(part in json.loads(line) for part in _STEP)
    return False
