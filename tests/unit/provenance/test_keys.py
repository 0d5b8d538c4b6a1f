"""Keys that cannot be used are refused by one sentence that shows nothing of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from panda_infra.provenance.keys import KeyFlawError, is_signed, public_keys, signature, signing_key
from tests.support.signing import new_key, private_file, public_text

_CANARY = "canary-5c1f"


def refused(file: str) -> str:
    with pytest.raises(KeyFlawError) as raised:
        signing_key(file)
    return str(raised.value)


def test_a_key_signs_and_only_its_public_key_verifies(tmp_path: Path) -> None:
    key, other = new_key(), new_key()
    read = signing_key(str(private_file(key, tmp_path / "key")))
    signed = signature(read, b"content")
    former = public_keys(public_text(other) + "\n" + public_text(key))
    assert is_signed(b"content", signed, former)
    assert not is_signed(b"content", signed, former[:1])
    assert not is_signed(b"another", signed, former)
    assert not is_signed(b"content", b"no signature", former)


def test_what_is_no_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"-----BEGIN PRIVATE KEY-----\n{_CANARY}\n-----END PRIVATE KEY-----\n")
    assert "is no private key as PEM" in refused(str(file))
    assert _CANARY not in refused(str(file))
    assert "cannot be read (No such file or directory)" in refused(str(tmp_path / "none"))
    assert "is not set" in refused("")


def test_keys_of_other_kinds_are_refused(tmp_path: Path) -> None:
    wrong = generate_private_key(SECP384R1())
    assert "no ECDSA key on the curve P-256" in refused(str(private_file(wrong, tmp_path / "key")))
    with pytest.raises(KeyFlawError, match="key 2 is not of ECDSA on the curve P-256"):
        public_keys(public_text(new_key()) + public_text(wrong))
    with pytest.raises(KeyFlawError, match="key 1 is no public key"):
        public_keys("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n")


def test_a_key_with_a_password_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(
        new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    )
    assert "is protected by a password" in refused(str(file))
