"""The authorities that the programs of a stack trust, and the certificates that its programs show."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import bcrypt

from panda_infra.products.content import Env, Files, reveal
from panda_infra.products.ctao.interfaces import External
from panda_infra.products.tls import host_files, pem

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["AUTHORITIES", "CA", "authorities", "hashed_password", "host"]

AUTHORITIES = "authorities"
"""The Secret with the authorities, in its key ``CA``."""
CA = "ca.pem"
_SALT = 22


def authorities(context: Context) -> Env:
    """authorities: each authority once, as PEM."""
    certificates = context.secrets.certificates
    texts = [
        reveal(own.chain) or reveal(own.certificate)
        for name in context.config.components.deployed()
        if name.replace("-", "_") in type(certificates).model_fields
        for own in (certificates.of(name),)
    ]
    interfaces = context.interfaces
    given = (getattr(interfaces, field) for field in type(interfaces).model_fields)
    texts += [each.trust or "" for each in given if isinstance(each, External)]
    return {CA: "".join(dict.fromkeys(pem(text) for text in texts))}


def host(owner: str) -> Callable[[Context], Files]:
    """The builder of ``<owner>-certs``: certificate, key and chain of a component's hosts."""
    return lambda context: host_files(context.secrets.certificates.of(owner))


def hashed_password(password: str) -> str:
    """The bcrypt hash of a random password; equal for equal ones, so that nothing changes by itself."""
    digest = hashlib.sha256(password.encode()).digest()
    salt = base64.b64encode(digest, altchars=b"./").decode()[: _SALT - 1] + "."
    return bcrypt.hashpw(password.encode(), f"$2b$10${salt}".encode()).decode()
