"""Finds secret values in texts that are about to be shown or kept, also inside JSON and base64."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from panda_infra.tree import texts

__all__ = ["credentials", "holds_any", "secret_texts"]

# Shorter secrets would match ordinary words.
_SHORTEST = 8
_TELLING = re.compile(r"(PASSPHRASE|PASSWORD|SECRET|TOKEN|KEY)$")


def secret_texts(values: Iterable[str]) -> frozenset[str]:
    """Every text inside secret configuration values, which are JSON or plain text."""
    return frozenset(text for value in values for _, text in texts(_decoded(value)) if len(text) >= _SHORTEST)


def credentials(environment: Mapping[str, str]) -> frozenset[str]:
    """Every secret text of an environment, chosen by the names of its variables."""
    return secret_texts(value for name, value in environment.items() if _TELLING.search(name))


def holds_any(text: str, secrets: Iterable[str]) -> bool:
    """Return whether a text contains a secret: as it is, inside JSON, or in base64."""
    return any(form in text for secret in secrets for form in _forms(secret))


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    # Inside a longer text the encoding depends on the secret's position modulo 3; its ends mix with their neighbours.
    for shift in range(3):
        encoded = b64encode(b" " * shift + secret.encode()).decode().rstrip("=")
        yield encoded[2 if shift == 1 else 3 if shift else 0 : -1]
