"""What a Secret holds, and what it shows."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from panda_infra.products.content import BINARY, OPAQUE, SecretContent, file_bytes, reveal


def test_a_secret_shows_its_keys_only() -> None:
    content = SecretContent("x", OPAQUE, {"password": b"value"})
    assert "value" not in repr(content) + str(content)
    assert "password" in repr(content)
    assert content.size == 5


def test_a_secret_does_not_change() -> None:
    content = SecretContent("x", OPAQUE, {"a": b""})
    with pytest.raises(TypeError):
        content.data["b"] = b""  # type: ignore[index]


def test_what_is_not_set_is_empty() -> None:
    assert reveal(None) == ""


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not text.startswith(BINARY)))
def test_a_text_file_is_its_text(text: str) -> None:
    assert file_bytes(SecretStr(text)) == text.encode()


@given(st.binary(), st.booleans())
def test_a_binary_file_is_marked(content: bytes, wrapped: bool) -> None:
    encoded = base64.encodebytes(content) if wrapped else base64.b64encode(content)
    assert file_bytes(SecretStr(BINARY + encoded.decode())) == content


@pytest.mark.parametrize("text", ["base64:!", "base64:abc", "base64:\u00e4"])
def test_what_is_marked_must_be_base64(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        file_bytes(SecretStr(text))
