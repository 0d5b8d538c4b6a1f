"""Credentials that end when a test wants: grid proxies and tokens of a made-up robot."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from panda_infra.authority import as_pem

__all__ = ["certificate", "encoded", "grid_proxy", "key", "token"]


@cache
def key() -> ec.EllipticCurvePrivateKey:
    """The key of everybody here."""
    return ec.generate_private_key(ec.SECP256R1())


def certificate(names: tuple[str, ...], issuer: tuple[str, ...], *, start: datetime, end: datetime) -> str:
    """A certificate in PEM for the bearer of these common names, from whole second to whole second."""
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(*names))
        .issuer_name(_name(*issuer))
        .public_key(key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key(), hashes.SHA256())
    )
    return as_pem(made)


def grid_proxy(start: datetime, end: datetime, *, owner_ends: datetime | None = None) -> str:
    """A proxy as grid tools write it: its certificate, its key, and the certificate of the robot, its owner."""
    private = key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    owner = ("robot pilot",)
    return (
        certificate((*owner, "123456"), owner, start=start, end=end)
        + private.decode()
        + certificate(
            owner,
            ("Grid CA",),
            start=start - timedelta(days=100),
            end=owner_ends or end + timedelta(days=200),
        )
    )


def token(end: datetime, *, start: datetime | None = None) -> str:
    """A JSON web token that nobody has signed."""
    claims = {"sub": "robot", "exp": end.timestamp()} | ({"iat": start.timestamp()} if start else {})
    return ".".join(encoded(part) for part in ({"alg": "none"}, claims)) + ".c2lnbmVk"


def encoded(part: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _name(*common: str) -> x509.Name:
    domain = [x509.NameAttribute(NameOID.DOMAIN_COMPONENT, "site")]
    return x509.Name([*domain, *(x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common)])
