"""What is no authority is refused in words of this program."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from panda_infra.authority import make_authority, read_authority

_NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def pem() -> str:
    return make_authority("an authority", now=_NOW).pem


def test_what_was_made_is_read(pem: str) -> None:
    assert read_authority(pem, now=_NOW).pem == pem


@pytest.mark.parametrize("begin", ["-----BEGIN PRIVATE", "-----BEGIN CERT"])
def test_half_of_it_is_none(pem: str, begin: str) -> None:
    half = pem[: pem.index(begin)] or pem[pem.index("-----BEGIN PRIVATE") :]
    with pytest.raises(ValueError, match="no single certificate as PEM, with its key below it"):
        read_authority(half, now=_NOW)


@pytest.mark.parametrize("text", ["", "a-text-of-somebody"])
def test_other_texts_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="no single certificate as PEM, with its key below it"):
        read_authority(text, now=_NOW)


def test_two_authorities_are_none(pem: str) -> None:
    other = make_authority("another", now=_NOW).pem
    with pytest.raises(ValueError, match="no single certificate as PEM"):
        read_authority(pem + other, now=_NOW)
