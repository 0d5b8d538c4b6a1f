"""What other lists would change, and the lists as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Change", "as_file", "changes"]


@dataclass(frozen=True)
class Change:
    """Names of the entries that a list gets, loses and changes, these with the fields that differ."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    same: int

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def changes(before: bytes | None, after: bytes) -> Change:
    """What becomes of a list; ``after`` is a good one, ``before`` may be absent or broken, and then has no entries."""
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
    """The same list with a line for each entry, all in order: what changes shows line by line in a commit."""
    entries = json.loads(content)
    body = ",\n".join(f"{_text(name)}:{_text(entries[name])}" for name in sorted(entries))
    return (f"{{\n{body}\n}}\n" if body else "{}\n").encode()


def _text(value: Any) -> str:
    """In as few bytes as readers need: all lists together must fit into one Secret."""
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
    """As texts: to Python true is 1, to a database it is not."""
    return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)
