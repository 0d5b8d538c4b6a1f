"""Ciphertext, templates and references are distinguished from values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.config.unresolved import ciphertext, unresolved


@pytest.mark.parametrize(
    "text",
    [
        "ENC[AES256_GCM,data:c2l0ZQ==,iv:aXY=,tag:dGFn,type:str]",
        "ENC[PKCS7,MIIBeQ]",
        '{"data": "ENC[AES256_GCM,data:x]", "sops": {}}',
        "$ANSIBLE_VAULT;1.1;AES256\n6162",
        "\0GITCRYPT\0\x17",
        "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl",
        "age-encryption.org/v1\n-> X25519",
        "-----BEGIN PGP MESSAGE-----\n",
        "U2FsdGVkX18",
        "v1:AAAAAAAAAAAAAAAA:YWJjZGVm",
    ],
)
def test_ciphertext_is_reported_whoever_made_it(text: str) -> None:
    words = ciphertext(text)
    assert words is not None
    assert "decrypt it first" in words
    assert unresolved(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "ref+vault://secret/panda#/password",
        "secretref+gcpsecrets://p/s",
        "vault:secret/data/panda#PASSWORD",
        "op://site/panda/password",
        "arn:aws:secretsmanager:eu-west-1:1:secret:x",
        "<path:secret/data/panda#password>",
        "{{ .Values.password }}",
        "x{{password}}y",
        "${PASSWORD}",
        "${PASSWORD:-x}",
    ],
)
def test_references_and_templates_are_reported(text: str) -> None:
    assert ciphertext(text) is None
    assert "decrypt first" in (unresolved(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "pass$word",
        "a{b}c",
        "{queue_name}/{panda_id}",
        "$(x",
        "${",
        "{{",
        "vaulted",
        "https://op.site.org",
        "",
    ],
)
def test_values_are_values(text: str) -> None:
    assert unresolved(text) is None


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1))
def test_what_is_generated_is_a_value(text: str) -> None:
    assert unresolved(text) is None or text.startswith("U2FsdGVkX1") or text.startswith("Salted")
