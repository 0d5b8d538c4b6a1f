"""Certificates in the forms that components and Ingresses need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from panda_infra.products.content import Files, file_bytes, reveal

if TYPE_CHECKING:
    from panda_infra.config.secrets import Certificate, Secrets

__all__ = ["HasSecrets", "host_files", "ingress_files", "mounted", "of_ingress", "pem"]


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
