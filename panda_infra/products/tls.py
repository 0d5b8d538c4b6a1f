"""Certificates in the forms that components and Ingresses need."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from panda_infra.products.content import Files, file_bytes, reveal

if TYPE_CHECKING:
    from panda_infra.config.secrets import Certificate, Secrets
    from panda_infra.config.stack import StackConfig

__all__ = [
    "COMBINED",
    "LONGEST_COMMON_NAME",
    "HasSecrets",
    "authority_files",
    "certificate_blocks",
    "host_files",
    "ingress_files",
    "issuers",
    "mounted",
    "of_ingress",
    "of_robot",
    "pem",
]

COMBINED = "tls-combined.pem"
"""The key, under cert-manager's name for it, of a robot's private key and certificates in one file."""
LONGEST_COMMON_NAME = 64
"""Characters that the common name of a certificate has at most."""
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)


class HasSecrets(Protocol):
    """The part of a builder's input that certificates need."""

    @property
    def secrets(self) -> Secrets:
        """The encrypted values."""


def mounted(owner: str) -> Callable[[HasSecrets], Files]:
    """The builder of ``<owner>-certs``: certificate, key, chain, and the component's other files."""

    def certs(context: HasSecrets) -> Files:
        files = {name: file_bytes(content) for name, content in context.secrets.files.of(owner).items()}
        return files | host_files(context.secrets.certificates.of(owner))

    return certs


def of_ingress(owner: str) -> Callable[[HasSecrets], Mapping[str, bytes]]:
    """The builder of ``<owner>-tls-certs``."""
    return lambda context: ingress_files(context.secrets.certificates.of(owner))


def of_robot(owner: str) -> Callable[[HasSecrets], Mapping[str, bytes]]:
    """The builder of ``<owner>-tls-certs`` of a client, which reads key and certificates from one file."""

    def files(context: HasSecrets) -> Files:
        made = ingress_files(context.secrets.certificates.of(owner))
        return made | {COMBINED: made["tls.key"] + made["tls.crt"]}

    return files


def issuers(config: StackConfig, owner: str) -> str:
    """The authorities that signed the certificate of a component, as PEM, wherever it comes from."""
    source = config.certificates
    if source.kind == "cert-manager":
        known = source.authorities or reveal(config.secrets.authority)
        return "".join(pem(block) for block in certificate_blocks(known))
    own = config.secrets.certificates.of(owner)
    return pem(reveal(own.chain) or reveal(own.certificate))


def authority_files(text: str) -> dict[str, str]:
    """The certificate and the key of an authority in the form of a Secret for TLS."""
    key = _KEY.search(text)
    return {
        "tls.crt": "".join(pem(block) for block in certificate_blocks(text)),
        "tls.key": pem(key[0]) if key else "",
    }


def certificate_blocks(text: str) -> list[str]:
    """The certificates of a PEM text, without keys and words around them."""
    return _BLOCK.findall(text)


def ingress_files(certificate: Certificate) -> Files:
    """A certificate for clients, with the whole chain."""
    whole = "".join(pem(text) for text in (reveal(certificate.certificate), reveal(certificate.chain)))
    return {"tls.crt": whole.encode(), "tls.key": pem(reveal(certificate.key)).encode()}


def host_files(certificate: Certificate) -> Files:
    """A certificate in the form that the pods of its host read; empty if it is not set."""
    if certificate.certificate is None or certificate.key is None:
        return {}
    # Some servers need a chain even if there is none.
    chain = certificate.chain or certificate.certificate
    texts = {"hostcert.pem": certificate.certificate, "hostkey.pem": certificate.key, "chain.pem": chain}
    return {name: pem(reveal(text)).encode() for name, text in texts.items()}


def pem(text: str) -> str:
    """PEM that ends with exactly one line break, so that another block can follow."""
    return f"{text.strip()}\n" if text.strip() else ""
