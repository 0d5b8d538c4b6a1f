"""Takes the content of Secrets out of texts of pods, which may print what they read."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["texts_of", "without"]

_SHORTEST = 6  # characters; shorter texts occur in ordinary words


def texts_of(secret: Mapping[str, Any]) -> set[str]:
    """The texts of a Secret in the API's form, whole and line by line, that are long enough to be recognised."""
    values: set[str] = set()
    for encoded in (secret.get("data") or {}).values():
        text = b64decode(encoded).decode(errors="replace")
        values |= {line for line in [text, *text.splitlines()] if len(line) >= _SHORTEST}
    return values


def without(line: str, secrets: Iterable[str]) -> str:
    """A line with stars in place of such texts."""
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line
