"""The content of Argo CD's Secrets. Equal values give equal bytes, so that a second `up` changes nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac

import bcrypt

from panda_infra.argocd.install.settings import CLIENT_SECRET
from panda_infra.config.argocd import ArgoCd
from panda_infra.config.secrets import Secrets
from panda_infra.plan.argocd import ArgoCdPlan
from panda_infra.plan.argocd_names import READER, TLS_SECRET
from panda_infra.products.content import OPAQUE, TLS, SecretContent, reveal
from panda_infra.products.tls import ingress_files

__all__ = ["CACHE_SECRET", "secret_contents"]

CACHE_SECRET = "argocd-redis"  # noqa: S105 - a name
"""Secret that the pods of Argo CD read at their start."""
_OWN_SECRET = "argocd-secret"  # noqa: S105 - a name
_COST = b"10"  # that of Argo CD itself
# Sessions that began before this time are refused. A new password ends them by another key instead: the time at which
# a password was set is not in the stack file.
_SET_AT = b"2000-01-01T00:00:00Z"
# bcrypt writes base64 with its own order of letters.
_LETTERS = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)


def secret_contents(plan: ArgoCdPlan, argocd: ArgoCd, secrets: Secrets) -> list[SecretContent]:
    """Each Secret of the installation, with its name as suffix."""
    found = [
        SecretContent(_OWN_SECRET, OPAQUE, _own(argocd, secrets)),
        SecretContent(CACHE_SECRET, OPAQUE, {"auth": reveal(secrets.argocd.redis_password).encode()}),
    ]
    if plan.host:
        files = {
            name: text if isinstance(text, bytes) else text.encode()
            for name, text in ingress_files(secrets.certificates.argocd).items()
        }
        found.append(SecretContent(TLS_SECRET, TLS, files))
    return found


def _own(argocd: ArgoCd, secrets: Secrets) -> dict[str, bytes]:
    key, values = reveal(secrets.argocd.session_key).encode(), secrets.argocd
    if argocd.login is not None:
        client = reveal(values.client_secret).encode()
        return {"server.secretkey": _derived(key, b"sessions", client), CLIENT_SECRET: client}
    admin, reader = reveal(values.admin_password).encode(), reveal(values.reader_password).encode()
    return {
        # Another password gives another key, which ends every session that began with the former one.
        "server.secretkey": _derived(key, b"sessions", admin, reader),
        "admin.password": _hashed(key, b"admin", admin),
        "admin.passwordMtime": _SET_AT,
        f"accounts.{READER}.password": _hashed(key, READER.encode(), reader),
        f"accounts.{READER}.passwordMtime": _SET_AT,
    }


def _derived(key: bytes, *parts: bytes) -> bytes:
    """A key for signatures, in Argo CD's form."""
    return base64.b64encode(_digest(key, *parts))


def _hashed(key: bytes, account: bytes, password: bytes) -> bytes:
    """The bcrypt hash of a password, with a salt that only the holder of the key can know."""
    salt = base64.b64encode(_digest(key, b"salt", account, password)[:16]).rstrip(b"=")
    return bcrypt.hashpw(password, b"$2b$" + _COST + b"$" + salt.translate(_LETTERS))


def _digest(key: bytes, *parts: bytes) -> bytes:
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        # Lengths make sure that different parts give different bytes.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
