"""The engine's own words, without what they must not carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["safe_lines", "without_values"]

# The engine prints the properties that left the plan as they are, secret ones too, and over several lines when a
# value has several: nothing after these words can be shown.
_VIOLATION = "violates plan"
_PROPERTY = re.compile(r"(?:[=~+-]{2})([A-Za-z][A-Za-z0-9_]*)\[\{")


def without_values(text: str) -> str:
    """A message of the engine; of a violated plan only the resource and the names of its properties."""
    said, violation, values = text.partition(_VIOLATION)
    if not violation:
        return text
    names = ", ".join(dict.fromkeys(_PROPERTY.findall(values)))
    return f"{said}{violation}{f' in {names}' if names else ''}"


def safe_lines(lines: Iterable[str]) -> Iterator[str]:
    """The engine's output line by line, which ends with the first that tells of a violated plan."""
    for line in lines:
        yield without_values(line)
        if _VIOLATION in line:
            return
