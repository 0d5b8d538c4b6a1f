"""Certificates as components mount them, and as an Ingress wants them."""

from __future__ import annotations

from collections.abc import Callable

from panda_infra.config.secrets import Certificate
from panda_infra.secrets.content import Files, file_bytes, reveal
from panda_infra.secrets.context import Context

__all__ = ["mounted", "of_ingress", "pem"]


def mounted(owner: str) -> Callable[[Context], Files]:
    """The builder of ``<owner>-certs``: certificate, key, chain, and the component's other files."""

    def certs(context: Context) -> Files:
        certificate: Certificate = getattr(context.secrets.certificates, owner)
        files = {name: file_bytes(content) for name, content in getattr(context.secrets.files, owner).items()}
        if owner == "bigmon":
            files = {
                name: file_bytes(content)
                for name, content in context.secrets.files.panda.items()
                if name.endswith(".proxy")
            } | files
        return files | _host_files(certificate)

    return certs


def of_ingress(owner: str) -> Callable[[Context], Files]:
    """The builder of ``<owner>-tls-certs``; clients get the whole chain."""

    def tls_certs(context: Context) -> Files:
        certificate = _presented(context, owner)
        whole = "".join(pem(text) for text in (reveal(certificate.certificate), reveal(certificate.chain)))
        return {"tls.crt": whole.encode(), "tls.key": pem(reveal(certificate.key)).encode()}

    return tls_certs


def _presented(context: Context, owner: str) -> Certificate:
    """The certificate of a Secret's owner; Harvester's Ingress names BigMon's Secret even where BigMon is absent."""
    if owner == "bigmon" and context.config.components.bigmon is None:
        return context.secrets.certificates.harvester
    certificate: Certificate = getattr(context.secrets.certificates, owner)
    return certificate


def _host_files(certificate: Certificate) -> Files:
    if certificate.certificate is None or certificate.key is None:
        return {}
    # Harvester's httpd wants a chain even where there is none.
    chain = certificate.chain or certificate.certificate
    texts = {"hostcert.pem": certificate.certificate, "hostkey.pem": certificate.key, "chain.pem": chain}
    return {name: pem(reveal(text)).encode() for name, text in texts.items()}


def pem(text: str) -> str:
    """PEM that ends with exactly one line break, so that another block can follow."""
    return f"{text.strip()}\n" if text.strip() else ""
