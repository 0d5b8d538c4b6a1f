"""What every function of the program holds for bad input: words instead of a traceback, soon, and no secret in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from panda_infra.errors import PandaInfraError

__all__ = ["CANARY", "held"]

CANARY = "canary-0a1b2c3d4e5f"
"""Begins every secret value of the good files."""
_WITHIN = 5.0  # seconds of this process, for what takes some milliseconds
_LONGEST = 500  # signs of a line that a person reads

Value = TypeVar("Value")


def held(call: Callable[[], Value]) -> Value | PandaInfraError:
    """What a call gives, or the project's own error that it ends in; any other one is raised."""
    began = time.process_time()
    result: Value | PandaInfraError
    try:
        result = call()
    except PandaInfraError as error:
        result = error
        check_words(str(error))
    assert time.process_time() - began < _WITHIN
    return result


def check_words(text: str) -> None:
    """Whether a text may be shown to a person."""
    assert text.strip()
    assert CANARY not in text, "a secret is reported"
    longest = max(text.splitlines(), key=len)
    assert len(longest) <= _LONGEST, f"a line of {len(longest)} signs: {longest[:200]}"
