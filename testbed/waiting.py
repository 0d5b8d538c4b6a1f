"""Waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from testbed.errors import BedError

__all__ = ["eventually", "until"]

_POLL = 0.05
_SECONDS_TO_ANSWER = 20.0


def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Returns when ``condition()`` is true; it may raise to give up early.

    Raises:
        BedError: not true within ``seconds``; the message contains ``what``.
    """
    if not eventually(condition, seconds):
        raise BedError(f"{what}: not within {seconds:g} s")


def eventually(condition: Callable[[], bool], seconds: float = _SECONDS_TO_ANSWER) -> bool:
    """Waits for a condition like `until`, and returns whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True
