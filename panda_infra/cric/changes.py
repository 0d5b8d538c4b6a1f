"""The changes between two versions of a list, and lists as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Change", "as_file", "changes"]


@dataclass(frozen=True)
class Change:
    """Names of the added, removed and changed entries, the last with their changed fields; ``same`` counts the rest."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    same: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def changes(before: bytes | None, after: bytes) -> Change:
    """The changes from ``before`` to ``after``; a missing or broken ``before`` counts as an empty list."""
    old, new = _entries(before), _entries(after)
    both = sorted(old.keys() & new.keys())
    changed = {name: _fields(old[name], new[name]) for name in both if _differ(old[name], new[name])}
    return Change(
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        changed,
        len(both) - len(changed),
    )


def as_file(content: bytes) -> bytes:
    """The same list with one entry a line, sorted, so that a commit shows changes line by line."""
    entries = json.loads(content)
    body = ",\n".join(f"{_text(name)}:{_text(entries[name])}" for name in sorted(entries))
    return (f"{{\n{body}\n}}\n" if body else "{}\n").encode()


def _text(value: Any) -> str:
    """Compact JSON, because all lists together must fit into one Secret."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _entries(content: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _fields(old: Any, new: Any) -> tuple[str, ...]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return ()
    return tuple(
        key
        for key in sorted({*old, *new})
        if (key in old) != (key in new) or _differ(old.get(key), new.get(key))
    )


def _differ(old: Any, new: Any) -> bool:
    """Compare as JSON texts: in Python `True == 1`, in a database they differ."""
    return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)
