"""Reads and checks host certificates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from panda_infra.authority import Authority, HostCertificate, as_pem, key_as_pem
from panda_infra.ends import Validity, moment, whole
from panda_infra.errors import PandaInfraError

__all__ = ["Flaw", "check", "check_authority", "from_p12"]


@dataclass(frozen=True)
class Flaw:
    """A flaw of ``part``: ``certificate``, ``key`` or ``chain``. ``soon`` is true if it is only about to appear."""

    part: str
    what: str
    soon: bool = False


def check(files: HostCertificate, hosts: Sequence[str], *, now: datetime, of_rsa: bool = False) -> list[Flaw]:
    """The flaws of a certificate for these hosts, whose key must be ``of_rsa``; ``now`` must have a time zone."""
    try:
        (certificate,) = _certificates(files.certificate)
    except ValueError:
        return [Flaw("certificate", "is not exactly one PEM certificate")]
    flaws = [*_validity("certificate", certificate, now), *_names(certificate, hosts)]
    flaws += _key(files.key, certificate, of_rsa=of_rsa)
    flaws += _chain(files.chain, certificate, now)
    return flaws


def check_authority(authority: Authority) -> list[Flaw]:
    """The flaws of an authority at its time ``now``."""
    return list(_validity("authority", authority.certificate, authority.now))


def from_p12(content: bytes, password: str | None = None) -> HostCertificate:
    """The parts of a PKCS#12 file.

    Raises:
        PandaInfraError: the file cannot be read with this password, or its certificate or key is missing.
    """
    try:
        p12 = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except (ValueError, UnsupportedAlgorithm):
        raise PandaInfraError(
            "the file is no PKCS#12, or its password is another one; of PEM files set the keys "
            "`certificate`, `key` and `chain` below it one by one"
        ) from None
    if p12.cert is None or p12.key is None:
        raise PandaInfraError("the host's certificate or its key is missing in the PKCS#12 file")
    leaf = p12.cert.certificate
    chain = _ordered(leaf, [extra.certificate for extra in p12.additional_certs])
    return HostCertificate(as_pem(leaf), key_as_pem(p12.key), "".join(as_pem(each) for each in chain))


def _validity(part: str, certificate: x509.Certificate, now: datetime) -> Iterator[Flaw]:
    start, subject = certificate.not_valid_before_utc, _common_name(certificate.subject)
    if now < start:
        yield Flaw(part, f"({subject}) is valid only from {moment(start)} on")
    good = Validity(certificate.not_valid_after_utc, start)
    if good.is_over(now) or good.ends_soon(now):
        yield Flaw(part, f"({subject}) {good.described(now)}", soon=good.ends_soon(now))


def _names(certificate: x509.Certificate, hosts: Sequence[str]) -> Iterator[Flaw]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        covered = names.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        covered = []
    for host in hosts:
        if not any(_covers(name.lower(), host) for name in covered):
            listed = ", ".join(covered) or "no host at all"
            yield Flaw("certificate", f"does not cover {host}, but {listed}")


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _key(text: str, certificate: x509.Certificate, *, of_rsa: bool) -> Iterator[Flaw]:
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except TypeError:
        yield Flaw("key", "is encrypted, and a pod could not read it: take the encryption off")
    except (ValueError, UnsupportedAlgorithm):
        yield Flaw("key", "is no PEM private key")
    else:
        if _public(key.public_key()) != _public(certificate.public_key()):
            yield Flaw("key", "does not belong to the certificate")
        elif of_rsa and not isinstance(key, RSAPrivateKey):
            yield Flaw("key", "is not of RSA, and what reads it knows no other keys")


def _chain(text: str, certificate: x509.Certificate, now: datetime) -> Iterator[Flaw]:
    try:
        chain = _certificates(text)
    except ValueError:
        yield Flaw("chain", "holds something that is no PEM certificate")
        return
    child = certificate
    for issuer in chain:
        if not _issued(child, issuer):
            subject, wanted = _common_name(issuer.subject), _common_name(child.issuer)
            yield Flaw(
                "chain",
                f"is not in order: {subject} stands where {wanted} should, which issued the one before",
            )
            return
        yield from _validity("chain", issuer, now)
        child = issuer
    if child is certificate and child.issuer != child.subject:
        yield Flaw(
            "chain",
            f"is not complete: {_common_name(child.issuer)}, which issued the certificate, is missing",
        )


def _ordered(leaf: x509.Certificate, others: list[x509.Certificate]) -> list[x509.Certificate]:
    chain: list[x509.Certificate] = []
    child = leaf
    while issuer := next((one for one in others if one not in (child, *chain) and _issued(child, one)), None):
        chain.append(issuer)
        child = issuer
    return chain


def _issued(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _certificates(text: str) -> list[x509.Certificate]:
    """All certificates in a text; ValueError if one cannot be read, or if a text that is not blank contains none."""
    if not text.strip():
        return []
    return [whole(certificate) for certificate in x509.load_pem_x509_certificates(text.encode())]


def _common_name(name: x509.Name) -> str:
    attributes = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(attributes[0].value) if attributes else name.rfc4514_string()


def _public(key: object) -> bytes:
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(encoding, form))  # type: ignore[attr-defined]
