"""The certificates of a bed's control plane, all signed by its own authority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from panda_infra import authority


@dataclass(frozen=True, repr=False)
class Pair:
    """A certificate and its private key, as PEM."""

    certificate: bytes
    key: bytes

    def write(self, stem: Path) -> None:
        """Writes ``<stem>.crt`` and, readable by its owner only, ``<stem>.key``."""
        stem.with_suffix(".crt").write_bytes(self.certificate)
        write_private(stem.with_suffix(".key"), self.key)


@dataclass(frozen=True, repr=False)
class Authority:
    """A certificate authority for servers and clients of Kubernetes.

    Kubernetes cannot use trustme's client certificates: each names an organization, which Kubernetes reads as a group,
    and one without a host has a critical extension that Go's TLS refuses.
    """

    pair: Pair
    _signer: authority.Authority

    @classmethod
    def fresh(cls, name: str) -> Authority:
        """A new authority."""
        made = authority.make_authority(name, now=datetime.now(UTC))
        return cls(_pair(made.certificate, made.key), made)

    @classmethod
    def of(cls, stem: Path) -> Authority:
        """The authority whose pair was written to ``stem``."""
        pair = Pair(stem.with_suffix(".crt").read_bytes(), stem.with_suffix(".key").read_bytes())
        key = cast("CertificateIssuerPrivateKeyTypes", serialization.load_pem_private_key(pair.key, None))
        certificate = x509.load_pem_x509_certificate(pair.certificate)
        return cls(pair, authority.Authority(certificate, key, datetime.now(UTC)))

    def server(self, name: str, hosts: Sequence[str]) -> Pair:
        """A serving certificate for ``hosts``, DNS names or IP addresses."""
        subject = authority.distinguished(name)
        return _pair(*self._signer.sign(subject, [ExtendedKeyUsageOID.SERVER_AUTH], hosts))

    def client(self, user: str, group: str | None = None) -> Pair:
        """A client certificate that Kubernetes reads as ``user`` in ``group``."""
        subject = authority.distinguished(user, group)
        return _pair(*self._signer.sign(subject, [ExtendedKeyUsageOID.CLIENT_AUTH]))


def signing_key() -> bytes:
    """A key that signs service account tokens."""
    return _private_pem(ec.generate_private_key(ec.SECP256R1()))


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read at any time."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def _pair(certificate: x509.Certificate, key: PrivateKeyTypes) -> Pair:
    return Pair(certificate.public_bytes(serialization.Encoding.PEM), _private_pem(key))


def _private_pem(key: PrivateKeyTypes) -> bytes:
    """The key in the only format that all parts of the control plane read (SEC 1)."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
