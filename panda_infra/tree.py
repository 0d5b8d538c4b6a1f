"""Trees of plain values, as JSON and YAML have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ABSENT", "Difference", "differences"]

ABSENT = "(absent)"
"""What stands for a value that one of two trees does not have."""


@dataclass(frozen=True)
class Difference:
    """One place that differs: its path, and both values as JSON has them; ``(absent)`` where there is none."""

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """The places in which two JSON values differ, as deep inside as both have the same shape."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            deeper = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), deeper)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}[{index}]")
    elif before != after:
        yield Difference(path, before, after)
