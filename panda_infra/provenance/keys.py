"""The keys of records: ECDSA on the curve P-256, as cosign and OpenSSL make them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from panda_infra.errors import PandaInfraError

__all__ = ["SIGNING_KEY", "KeyFlawError", "is_signed", "public_keys", "signature", "signing_key"]

SIGNING_KEY = "PANDA_INFRA_SIGNING_KEY"
"""The variable that names the file of the private key."""
_PUBLIC = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
_MAKE = "`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signing.key` makes one"


class KeyFlawError(PandaInfraError):
    """A key cannot be used for records; the text contains nothing of it."""


def signing_key(file: str) -> EllipticCurvePrivateKey:
    """The private key in a file.

    Raises:
        KeyFlawError: there is none that can be used.
    """
    if not file:
        raise KeyFlawError(f"{SIGNING_KEY} is not set: name the file with the private key; {_MAKE}")
    where = f"{file}, which {SIGNING_KEY} names,"
    try:
        key = load_pem_private_key(Path(file).read_bytes(), None)
    except OSError as error:
        raise KeyFlawError(f"{where} cannot be read ({error.strerror})") from None
    except TypeError:
        raise KeyFlawError(
            f"{where} is protected by a password, which nobody can type here: {_MAKE}"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFlawError(f"{where} is no private key as PEM: {_MAKE}") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeyFlawError(f"{where} is no ECDSA key on the curve P-256: {_MAKE}")
    return key


def public_keys(text: str) -> list[EllipticCurvePublicKey]:
    """The public keys in a text.

    Raises:
        KeyFlawError: one of them cannot be used.
    """
    found = []
    for number, pem in enumerate(_PUBLIC.findall(text), 1):
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFlawError(f"key {number} is no public key as PEM") from None
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise KeyFlawError(f"key {number} is not of ECDSA on the curve P-256")
        found.append(key)
    return found


def signature(key: EllipticCurvePrivateKey, content: bytes) -> bytes:
    """The signature of a content, over its SHA-256."""
    return key.sign(content, ECDSA(SHA256()))


def is_signed(content: bytes, signature: bytes, keys: Iterable[EllipticCurvePublicKey]) -> bool:
    """True if one of the keys made the signature of this content."""
    for key in keys:
        try:
            key.verify(signature, content, ECDSA(SHA256()))
        except InvalidSignature:
            continue
        return True
    return False
