"""The authorities that the programs of a stack trust, and the certificates that its programs show."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import bcrypt
from cryptography import x509
from cryptography.x509.oid import NameOID

from panda_infra.products.content import Env
from panda_infra.products.ctao.interfaces import Trusted
from panda_infra.products.ctao.trust_folder import hashed_names
from panda_infra.products.tls import certificate_blocks, issuers, pem

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["AUTHORITIES", "BUNDLE", "CA", "authorities", "hashed_password", "subject_of"]

AUTHORITIES = "authorities"
"""The Secret with the authorities: all in its key ``CA``, and each under the name of its hash."""
CA = "ca.pem"
BUNDLE = "/work/trust/authorities.pem"
"""The authorities of image and stack in one file, as the scripts of DIRAC and DiracX write it for HTTP clients."""
_SALT = 22
# RFC 4514 has no short name for it.
_EMAIL = {NameOID.EMAIL_ADDRESS: "emailAddress"}


def authorities(context: Context) -> Env:
    """The Secret authorities: each authority once, in one file for HTTP clients, and as a folder for the grid."""
    certificates, texts = context.secrets.certificates, list[str]()
    for name in context.config.components.deployed():
        if name.replace("-", "_") in type(certificates).model_fields:
            texts.append(issuers(context.config, name))
    interfaces = context.interfaces
    given = (getattr(interfaces, field) for field in type(interfaces).model_fields)
    texts += [each.trust or "" for each in given if isinstance(each, Trusted)]
    found = list(dict.fromkeys(pem(block) for text in texts for block in certificate_blocks(text)))
    return {CA: "".join(found)} | dict(zip(hashed_names(found), found, strict=True))


def subject_of(certificate: str) -> str:
    """The subject of a PEM certificate as grid software spells it, `/DC=org/CN=host`; empty for a text that is none."""
    try:
        subject = x509.load_pem_x509_certificate(certificate.encode()).subject
    except ValueError:
        return ""
    parts = (attribute for names in subject.rdns for attribute in names)
    return "".join(f"/{_EMAIL.get(each.oid, each.rfc4514_attribute_name)}={each.value!s}" for each in parts)


def hashed_password(password: str) -> str:
    """The bcrypt hash of a random password; equal for equal ones, so that nothing changes by itself."""
    digest = hashlib.sha256(password.encode()).digest()
    salt = base64.b64encode(digest, altchars=b"./").decode()[: _SALT - 1] + "."
    return bcrypt.hashpw(password.encode(), f"$2b$10${salt}".encode()).decode()
