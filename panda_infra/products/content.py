"""The content of Kubernetes Secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

from panda_infra.errors import PandaInfraError

__all__ = [
    "BINARY",
    "LARGEST",
    "OPAQUE",
    "TLS",
    "Env",
    "Files",
    "SecretContent",
    "UnreadableContentError",
    "as_json",
    "as_text",
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


class UnreadableContentError(PandaInfraError):
    """A file that a Secret contains exists but cannot be read; ``why`` completes "the file ..."."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.why = why


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
        """The number of bytes, counted in the same way as by the API server."""
        return sum(len(value) for value in self.data.values())


def reveal(secret: SecretStr | None) -> str:
    """The text of a secret; empty if it is not set."""
    return secret.get_secret_value() if secret else ""


def flag(value: bool) -> str:
    """A boolean, spelled for environment variables."""
    return "true" if value else "false"


def file_bytes(secret: SecretStr) -> bytes:
    """The bytes of a file that the stack file contains as text, or as base64 after ``BINARY``.

    Raises:
        ValueError: the text after the mark is not base64.
    """
    text = secret.get_secret_value()
    if not text.startswith(BINARY):
        return text.encode()
    try:
        return base64.b64decode("".join(text.removeprefix(BINARY).split()), validate=True)
    except ValueError:  # binascii.Error is one too
        raise ValueError("no base64 after the mark") from None


def as_text(content: bytes) -> str:
    """A file as text, the opposite of ``file_bytes``: content that is not UTF-8 becomes base64 behind ``BINARY``."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = BINARY
    return BINARY + base64.b64encode(content).decode() if text.startswith(BINARY) else text


def as_json(value: Any) -> str:
    """Compact JSON, equal for equal values; in ASCII, because some readers accept nothing else in a file."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
