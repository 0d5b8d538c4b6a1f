"""The API server of a cluster of the test bed, away for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed import processes
from testbed.control_plane import API_SERVER

__all__ = ["api_server_stopped"]


@contextmanager
def api_server_stopped(instance: Path) -> Iterator[None]:
    """End the API server of the instance in a folder; at the end it is started again, and not waited for."""
    (pid,) = (pid for pid, part in processes.alive(instance).items() if part == API_SERVER)
    command = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    processes.end(instance, {API_SERVER})
    try:
        yield
    finally:
        processes.spawn(instance, API_SERVER, command)
