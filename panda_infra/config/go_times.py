"""Dates without quotes, which the engine turns into times: `2026-12-01` becomes `2026-12-01 00:00:00 +0000 UTC`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from panda_infra.config.paths import Path, spelled
from panda_infra.errors import Problem

__all__ = ["as_read", "times"]

_WRITTEN = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)?",
    re.ASCII,
)
_READ = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \S+", re.ASCII)
# This key is a date and accepts both forms.
_DATE = ("lifecycle", "expires")


def as_read(text: str) -> str:
    """A text without quotes as the engine reads it; a time's zone is not converted."""
    match = _WRITTEN.fullmatch(text)
    try:
        found = datetime(*(int(part) for part in match.groups() if part)) if match else None  # type: ignore[arg-type]
    except ValueError:
        found = None
    return text if found is None else f"{found:%Y-%m-%d %H:%M:%S} +0000 UTC"


def times(value: Any, path: Path = ()) -> Iterator[tuple[Path, Problem]]:
    """Each text of a stack's sections that was a date without quotes, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from times(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from times(item, (*path, index))
    elif isinstance(value, str) and path != _DATE and _READ.fullmatch(value):
        what = "is a date without quotes, of which the engine makes a time"
        yield path, Problem(spelled(path), what, "Put it in quotes.")
