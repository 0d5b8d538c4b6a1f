"""The readers of a secret, for people."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["listed"]

# More parts of one component are counted: DIRAC has 37, which all read the same.
_NAMED = 6


def listed(readers: Iterable[str]) -> str:
    """The readers, each COMPONENT/PART, with commas; of a component with many of them the number."""
    parts: dict[str, list[str]] = {}
    for reader in readers:
        parts.setdefault(reader.partition("/")[0], []).append(reader)
    words = (
        f"{component} ({len(found)} parts)" if len(found) > _NAMED else ", ".join(found)
        for component, found in parts.items()
    )
    return ", ".join(words)
