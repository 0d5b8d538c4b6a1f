"""An answer in time: what asks the network may hang in a resolver or a plug-in, past any time-out of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["answered", "asked"]

T = TypeVar("T")


def answered(question: Callable[[], T], *, within: float) -> T:
    """What ``question`` returns, if it does so within so many seconds; what it raises is passed on.

    Raises:
        TimeoutError: there was no answer in time.
    """
    return asked(question).result(timeout=within)


def asked(question: Callable[[], T]) -> Future[T]:
    """The answer to come of a question in a thread of its own, which does not keep the process alive."""
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            answer.set_result(question())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return answer
