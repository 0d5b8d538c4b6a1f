"""What a Kubernetes Secret holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

__all__ = [
    "BINARY",
    "LARGEST",
    "OPAQUE",
    "TLS",
    "Env",
    "Files",
    "SecretContent",
    "as_json",
    "file_bytes",
    "flag",
    "reveal",
]

OPAQUE = "Opaque"
TLS = "kubernetes.io/tls"
LARGEST = 1024 * 1024  # bytes that the API server accepts in one Secret
BINARY = "base64:"

Env = dict[str, str]
Files = dict[str, bytes]


@dataclass(frozen=True)
class SecretContent:
    """A Secret by its suffix; ``data`` maps each key to the bytes that pods see."""

    suffix: str
    type: str
    data: Mapping[str, bytes]

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", MappingProxyType(dict(self.data)))

    def __repr__(self) -> str:
        return f"SecretContent({self.suffix!r}, {self.type!r}, keys={sorted(self.data)})"

    @property
    def size(self) -> int:
        """Bytes as the API server counts them."""
        return sum(len(value) for value in self.data.values())


def reveal(secret: SecretStr | None) -> str:
    """The text of a secret; empty when it is not set."""
    return secret.get_secret_value() if secret else ""


def flag(value: bool) -> str:
    """A boolean as environment variables spell it."""
    return "true" if value else "false"


def file_bytes(secret: SecretStr) -> bytes:
    """The bytes of a file that the stack file holds as text, or as base64 behind its mark.

    Raises:
        ValueError: when what follows the mark is no base64.
    """
    text = secret.get_secret_value()
    if not text.startswith(BINARY):
        return text.encode()
    try:
        return base64.b64decode("".join(text.removeprefix(BINARY).split()), validate=True)
    except ValueError:  # binascii.Error is one too
        raise ValueError("no base64 after the mark") from None


def as_json(value: Any) -> str:
    """Compact JSON, the same for the same value; in ASCII, since some readers take nothing else from a file."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
