"""A certificate authority of the program's own, for hosts and robots that nobody else has to trust."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    PrivateKeyTypes,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = [
    "Authority",
    "HostCertificate",
    "as_pem",
    "distinguished",
    "key_as_pem",
    "make_authority",
    "read_authority",
]

_RSA_BITS = 2048
_LIFE = timedelta(days=3650)
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class HostCertificate:
    """PEM texts of a host's certificate, its key, and the certificates of its issuers, the nearest first."""

    certificate: str
    key: str
    chain: str = ""

    def __repr__(self) -> str:
        return "HostCertificate(***)"


@dataclass(frozen=True)
class Authority:
    """A private certificate authority; its certificates are valid from an hour before ``now``."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes
    now: datetime

    def issue(self, hosts: Sequence[str], *, of_rsa: bool = False) -> HostCertificate:
        """A certificate for these hosts, the first of which is its subject; its key is of ECDSA or RSA."""
        # A subject has at most 64 characters; only the alternative names matter.
        purposes = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
        signed, key = self.sign(distinguished(hosts[0][:64]), purposes, hosts, of_rsa=of_rsa)
        return HostCertificate(as_pem(signed), key_as_pem(key), as_pem(self.certificate))

    def issue_robot(self, subject: str) -> HostCertificate:
        """A certificate for a client by its name, as RFC 4514 spells it (``CN=DPPS,DC=site``)."""
        name = x509.Name.from_rfc4514_string(subject)
        signed, key = self.sign(name, (ExtendedKeyUsageOID.CLIENT_AUTH,))
        return HostCertificate(as_pem(signed), key_as_pem(key), as_pem(self.certificate))

    @property
    def pem(self) -> str:
        """The certificate and, below it, the key."""
        return as_pem(self.certificate) + key_as_pem(self.key)

    def sign(
        self,
        subject: x509.Name,
        purposes: Sequence[x509.ObjectIdentifier],
        hosts: Sequence[str] = (),
        *,
        of_rsa: bool = False,
    ) -> tuple[x509.Certificate, _Key]:
        """A certificate for these purposes and hosts, DNS names or IP addresses, and its new key."""
        key = (
            rsa.generate_private_key(65537, _RSA_BITS) if of_rsa else ec.generate_private_key(ec.SECP256R1())
        )
        builder = _builder(subject, self.certificate.subject, key, self.now, is_authority=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if hosts:
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256()), key


def read_authority(text: str, *, now: datetime) -> Authority:
    """The authority with this certificate and this key, as ``Authority.pem`` gives them.

    Raises:
        ValueError: the text is not one certificate of an authority with its key.
    """
    try:
        (certificate,) = x509.load_pem_x509_certificates(text.encode())
        key = serialization.load_pem_private_key(_key_block(text), None)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
        raise ValueError("no certificate of an authority with a key that is not encrypted") from error
    except ValueError as error:
        raise ValueError("no single certificate as PEM, with its key below it") from error
    if not constraints.ca or certificate.public_key() != key.public_key():
        raise ValueError("no certificate of an authority with its own key")
    return Authority(certificate, cast("CertificateIssuerPrivateKeyTypes", key), now)


def _key_block(text: str) -> bytes:
    found = re.search(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", text, re.DOTALL)
    return found[0].encode() if found else b""


def make_authority(name: str, *, now: datetime) -> Authority:
    """A new authority that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = distinguished(name)
    signed = _builder(subject, subject, key, now, is_authority=True).sign(key, hashes.SHA256())
    return Authority(signed, key, now)


def distinguished(name: str, organization: str | None = None) -> x509.Name:
    """The name of a certificate's subject."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: _Key,
    now: datetime,
    *,
    is_authority: bool,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True
        )
        .add_extension(_key_usage(signs_certificates=is_authority), critical=True)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def as_pem(certificate: x509.Certificate) -> str:
    """A certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_as_pem(key: PrivateKeyTypes) -> str:
    """A private key as PEM, in PKCS#8 and unencrypted."""
    form, open_text = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, open_text).decode()
