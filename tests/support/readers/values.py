"""What a reader expects of a single text, and the error for one that it cannot use."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

__all__ = ["RefusedError", "filled", "host", "needed", "one_of", "port", "switch", "url", "whole"]

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
# What Spring takes for a boolean, whatever the case.
_SWITCHES = {
    "true": True,
    "on": True,
    "yes": True,
    "1": True,
    "false": False,
    "off": False,
    "no": False,
    "0": False,
}


class RefusedError(Exception):
    """The software would not start with it, or would read something else; no message holds a value."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where} {what}")


def needed(texts: Mapping[str, str], name: str) -> str:
    """A text that is there, be it empty."""
    if name not in texts:
        raise RefusedError(name, "is missing")
    return texts[name]


def filled(texts: Mapping[str, str], name: str) -> str:
    """A text that is there and not empty."""
    text = needed(texts, name)
    if not text.strip():
        raise RefusedError(name, "is empty")
    return text


def whole(where: str, text: str, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """A whole number."""
    if not re.fullmatch(r"-?[0-9]+", text.strip()):
        raise RefusedError(where, "is no whole number")
    number = int(text)
    if not least <= number <= most:
        raise RefusedError(where, f"is not between {least} and {most}")
    return number


def port(where: str, text: str) -> int:
    """A TCP port."""
    return whole(where, text, least=1, most=65535)


def switch(where: str, text: str) -> bool:
    """A boolean as Spring reads it."""
    if text.strip().lower() not in _SWITCHES:
        raise RefusedError(where, "is neither true nor false")
    return _SWITCHES[text.strip().lower()]


def one_of(where: str, text: str, choices: Collection[str]) -> str:
    """One of some words."""
    if text not in choices:
        raise RefusedError(where, f"is none of {', '.join(sorted(choices))}")
    return text


def host(where: str, text: str) -> str:
    """A host name or an address."""
    if not _HOST.fullmatch(text):
        raise RefusedError(where, "is no host name")
    return text


def url(where: str, text: str) -> str:
    """An absolute HTTP address whose host can be asked."""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        raise RefusedError(where, "is no URL") from None
    if not known or re.search(r"[\s\"<>\\^`{}|]", text):
        raise RefusedError(where, "is no URL of http or https")
    host(where, parts.hostname or "")
    return text
