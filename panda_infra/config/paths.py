"""Paths of keys inside a stack file, spelled as `pulumi config set --path` takes them."""

from __future__ import annotations

import re

from panda_infra.tree import Path

__all__ = ["Path", "parsed", "spelled", "within"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PART = re.compile(r'\.?([A-Za-z0-9_-]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]')


def spelled(path: Path) -> str:
    """The text of a path, e.g. ``auth.clients[0].name`` or ``secrets.files["a.pem"]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            text += f".{part}" if text else part
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def parsed(text: str) -> Path | None:
    """The path that a text spells; None if it is not a path."""
    path: list[str | int] = []
    rest = text
    while rest:
        match = _PART.match(rest)
        if not match or (not path and rest.startswith((".", "["))):
            return None
        name, index, quoted = match.groups()
        path.append(int(index) if index else name or re.sub(r"\\(.)", r"\1", quoted))
        rest = rest[match.end() :]
    return tuple(path)


def within(path: Path, parent: Path) -> bool:
    """True if ``path`` is ``parent`` or lies below it."""
    return path[: len(parent)] == parent
