"""Waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from testbed.errors import BedError

_POLL = 0.05


def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Returns when ``condition()`` is true; it may raise to give up early.

    Raises:
        BedError: not true within ``seconds``; the message contains ``what``.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise BedError(f"{what}: not within {seconds:g} s")
        time.sleep(_POLL)
