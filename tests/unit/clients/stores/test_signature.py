"""Signatures of the examples in the documentation of the protocol."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from panda_infra.clients.stores.signature import Credential, digest, spelled

_CREDENTIAL = Credential("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
_THEN = datetime(2013, 5, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ({"lifecycle": ""}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            {"prefix": "J", "max-keys": "2"},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_known_answers(query: dict[str, str], signature: str) -> None:
    host = "examplebucket.s3.amazonaws.com"
    headers = _CREDENTIAL.headers("GET", host, "/", spelled(query), digest(b""), now=_THEN)
    assert headers["Authorization"].endswith(f"Signature={signature}")


def test_a_credential_does_not_show_its_secret() -> None:
    assert _CREDENTIAL.secret_key not in repr(_CREDENTIAL)
