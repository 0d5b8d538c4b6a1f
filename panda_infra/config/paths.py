"""Paths of keys inside a stack file, spelled as `pulumi config --path` takes them."""

from __future__ import annotations

import re

__all__ = ["Path", "spelled", "within"]

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


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


def within(path: Path, parent: Path) -> bool:
    """Whether ``path`` is ``parent`` or lies below it."""
    return path[: len(parent)] == parent
