"""Time limits for network calls, which may hang in a resolver or a plug-in in spite of their own time-out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["answered", "asked"]

T = TypeVar("T")


def answered(question: Callable[[], T], *, within: float) -> T:
    """Return the result of ``question`` if it ends ``within`` so many seconds; its exceptions pass through.

    Raises:
        TimeoutError: it did not end in time.
    """
    return asked(question).result(timeout=within)


def asked(question: Callable[[], T]) -> Future[T]:
    """Call ``question`` in a daemon thread, which does not keep the process alive; returns its future result."""
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return answer
