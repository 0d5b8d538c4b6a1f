"""Keys of DiracX's tokens and of DIRAC's log-ins by SSH, in the forms that the programs take."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "flaw_of_keys",
    "flaw_of_legacy_key",
    "flaw_of_ssh_key",
    "hashed",
    "new_keys",
    "new_legacy_key",
    "new_ssh_key",
    "new_state_key",
    "public_ssh_key",
]

_LEGACY = "diracx:legacy:"
_BYTES = 32


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def new_keys() -> str:
    """A new key that signs tokens, as a set of JSON Web Keys (RFC 7517) with its private part."""
    key = Ed25519PrivateKey.generate()
    own = {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "Ed25519",
        "kid": secrets.token_hex(16),
        "key_ops": ["sign", "verify"],
        "x": _text(key.public_key().public_bytes_raw()),
        "d": _text(key.private_bytes_raw()),
    }
    return json.dumps({"keys": [own]}, sort_keys=True)


def flaw_of_keys(text: str) -> str | None:
    """The flaw of a set of keys; None if its first key can sign."""
    try:
        first = json.loads(text)["keys"][0]
        good = isinstance(first, dict) and "d" in first and "sign" in first.get("key_ops", ("sign",))
    except (ValueError, LookupError, TypeError):
        return "is no set of JSON Web Keys"
    return None if good else "begins with a key that cannot sign"


def new_state_key() -> str:
    """A new key that encrypts what a log-in sends around (Fernet)."""
    return base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode()


def new_legacy_key() -> str:
    """A new key by which DIRAC's services get tokens of DiracX."""
    return _LEGACY + base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode()


def flaw_of_legacy_key(text: str) -> str | None:
    """The flaw of such a key."""
    return None if hashed(text) else f"is not {_LEGACY} before a key in URL-safe base64"


def hashed(legacy_key: str) -> str:
    """The hash by which DiracX knows DIRAC's key; empty for a text that is none."""
    if not legacy_key.startswith(_LEGACY):
        return ""
    try:
        content = base64.b64decode(legacy_key.removeprefix(_LEGACY), altchars=b"-_", validate=True)
    except ValueError:
        return ""
    return hashlib.sha256(content).hexdigest() if content else ""


def new_ssh_key() -> str:
    """A new private key for SSH, as OpenSSH writes one, without a passphrase."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()


def flaw_of_ssh_key(text: str) -> str | None:
    """The flaw of a private key for SSH."""
    return None if public_ssh_key(text) else "is no private key by OpenSSH, or has a passphrase"


def public_ssh_key(text: str) -> str:
    """The public half of a private key, as a line of `authorized_keys`; empty for a text that is none."""
    try:
        key = serialization.load_ssh_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return key.public_key().public_bytes(*form).decode()
