"""Files as the texts of encrypted values."""

from __future__ import annotations

from base64 import b64encode

from panda_infra.products.content import BINARY

__all__ = ["as_text"]


def as_text(content: bytes) -> str:
    """A file as text; content that is not UTF-8 becomes base64 behind a mark."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = BINARY
    return BINARY + b64encode(content).decode() if text.startswith(BINARY) else text
