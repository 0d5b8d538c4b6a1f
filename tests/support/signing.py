"""Keys for records of deployments."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

__all__ = ["new_key", "private_file", "public_text"]


def new_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def public_text(key: EllipticCurvePrivateKey) -> str:
    """As a stack file has it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_file(key: EllipticCurvePrivateKey, file: Path) -> Path:
    """The private key in a file, as openssl writes it."""
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file
