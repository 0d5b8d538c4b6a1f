"""The processes of an instance: started detached, identified by a mark, ended without harm to others.

Every process has the instance's folder in its environment. This mark identifies the processes of an instance better
than a process id in a file: it survives a killed starter, children inherit it, and another process that gets the
same id later does not have it. Needs Linux (``/proc``, pidfd).
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from testbed import waiting
from testbed.errors import BedError

_STATE = "PANDA_INFRA_BED"
_PART = "PANDA_INFRA_BED_PART"
_PATIENCE = 3.0
_LAST_LINES = 15


@dataclass(frozen=True)
class Process:
    """A started part: its name, its process and its log file."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    def ensure_alive(self) -> None:
        """Raises BedError with the last lines of the log if the process has ended."""
        code = self.child.poll()
        if code is not None:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise BedError(f"{self.name} ended with {how}; the last lines of {self.log}:\n{tail(self.log)}")


def spawn(
    state: Path, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None
) -> Process:
    """Starts ``argv`` as part ``name`` of the instance in ``state``, in a session of its own.

    Its output goes to ``<state>/log/<name>.log``; ``env`` is added to this process's environment.
    """
    log = state / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **(env or {}), _STATE: str(state), _PART: name}
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    # The kernel shows the mark shortly after Popen has returned; a stop in between would miss the process.
    waiting.until(lambda: child.poll() is not None or any(_environment(child.pid)), f"{name} starting", 10)
    return Process(name, child, log)


def tail(log: Path, lines: int = _LAST_LINES) -> str:
    """The last ``lines`` lines of a log, indented."""
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in text[-lines:]) or "    (nothing was written)"


def alive(state: Path) -> dict[int, str]:
    """The living processes of the instance in ``state``: process id to part name."""
    return dict(_marked(state))


def stop(state: Path, order: Sequence[str] = ()) -> None:
    """Ends all processes of the instance: first the parts that are not in ``order``, then those in its order.

    Each gets SIGTERM first and is killed after 3 s. Returns when none is left.

    Raises:
        BedError: a process survived the kill.
    """
    end(state, set(alive(state).values()).difference(order))
    for part in order:
        end(state, {part})
    if left := alive(state):
        raise BedError(f"{state}: still alive after being killed: {left}")


def end(state: Path, parts: Set[str]) -> None:
    """Ends these parts of the instance as ``stop`` does."""
    with ExitStack() as stack:
        handles = [stack.enter_context(_handle(pid)) for pid, part in _marked(state) if part in parts]
        # Checked again, because only now it is certain that each handle belongs to a marked process.
        marked = {pid for pid, _ in _marked(state)}
        ours = [descriptor for pid, descriptor in handles if descriptor is not None and pid in marked]
        left = _signal_and_wait(ours, signal.SIGTERM)
        _signal_and_wait(left, signal.SIGKILL)
    for pid, _ in handles:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


@contextmanager
def _handle(pid: int) -> Iterator[tuple[int, int | None]]:
    """A descriptor of exactly this process, even if another one gets its id later."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield pid, None
        return
    try:
        yield pid, descriptor
    finally:
        os.close(descriptor)


def _signal_and_wait(descriptors: Sequence[int], number: signal.Signals) -> list[int]:
    for descriptor in descriptors:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, number)
    waiting = set(descriptors)
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + _PATIENCE
    while waiting and (rest := deadline - time.monotonic()) > 0:
        for descriptor, _ in poll.poll(rest * 1000):
            poll.unregister(descriptor)
            waiting.discard(descriptor)
    return sorted(waiting)


def _marked(state: Path) -> Iterator[tuple[int, str]]:
    """Process id and part name of every living process with the mark of ``state``."""
    wanted = f"{_STATE}={state}".encode()
    prefix = f"{_PART}=".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        environment = _environment(int(entry.name))
        if wanted in environment:
            part = next((word for word in environment if word.startswith(prefix)), prefix)
            yield int(entry.name), part.removeprefix(prefix).decode()


def _environment(pid: int) -> list[bytes]:
    """The environment of a process; empty if it has ended or belongs to another user."""
    try:
        return Path("/proc", str(pid), "environ").read_bytes().split(b"\0")
    except OSError:
        return []
