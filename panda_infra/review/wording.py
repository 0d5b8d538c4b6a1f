"""The engine's output without secret values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["safe_lines", "without_values"]

# The engine prints the values of properties that violate the plan, even secret ones, over several lines if a value
# has several: nothing after these words may be shown.
_VIOLATION = "violates plan"
_PROPERTY = re.compile(r"(?:[=~+-]{2})([A-Za-z][A-Za-z0-9_]*)\[\{")


def without_values(text: str) -> str:
    """A message of the engine; for a violated plan only the resource and the names of its properties."""
    start, violation, values = text.partition(_VIOLATION)
    if not violation:
        return text
    names = ", ".join(dict.fromkeys(_PROPERTY.findall(values)))
    return f"{start}{violation}{f' in {names}' if names else ''}"


def safe_lines(lines: Iterable[str]) -> Iterator[str]:
    """The engine's output line by line, up to the first line about a violated plan."""
    for line in lines:
        yield without_values(line)
        if _VIOLATION in line:
            return
