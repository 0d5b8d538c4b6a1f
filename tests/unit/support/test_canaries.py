"""The search for leaked values finds them."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests.support.canaries import found_in, values

_CANARY = {"panda.databasePassword": "canary-value-0123456789"}


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("after", ["", "1", "12", "123"])
def test_a_value_is_found_in_base64_at_any_alignment(before: str, after: str) -> None:
    text = b64encode(f"{before}{_CANARY['panda.databasePassword']}{after}".encode()).decode()
    assert found_in(text, _CANARY) == ["panda.databasePassword"]


def test_other_text_holds_no_value() -> None:
    assert found_in(b64encode(b"something else entirely, and long").decode(), _CANARY) == []


def test_certificates_are_public_and_keys_are_not() -> None:
    document = {"certificates": {"panda": {"certificate": "public certificate", "key": "private key line"}}}
    assert values(document) == {"certificates.panda.key": "private key line"}
