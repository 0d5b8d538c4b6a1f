"""Looking for secret values where none may be."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

_SHORTEST = 12


def values(document: Mapping[str, Any]) -> dict[str, str]:
    """Each secret value of a ``secrets`` section by its key; of a file its longest line, certificates left out.

    Certificates are public. A PEM key shows wherever one of its lines does.
    """
    found: dict[str, str] = {}
    for path, text in _leaves(document, ()):
        if path[0] == "certificates" and path[-1] != "key":
            continue
        line = max(text.splitlines(), key=len)
        assert len(line) >= _SHORTEST, path
        found[".".join(path)] = line
    assert len(set(found.values())) == len(found)
    return found


def _leaves(document: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), str(value)


def found_in(text: str, canaries: Mapping[str, str]) -> list[str]:
    """The keys of the values that a text shows, plain or in base64 at any alignment; never the values."""
    return sorted(key for key, value in canaries.items() if any(form in text for form in _forms(value)))


def _forms(value: str) -> Iterator[str]:
    yield value
    data = value.encode()
    for shift in range(3):
        encoded = b64encode(data[shift:]).decode()
        # The last group depends on what follows the value.
        yield encoded[: len(encoded) // 4 * 4 - 4]
