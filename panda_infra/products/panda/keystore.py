"""The keys with which IAM signs tokens, as a JSON Web Key Set (T1)."""

from __future__ import annotations

import base64
import json
from typing import Any

from panda_infra.products.content import as_json

__all__ = ["KEY_ID", "SMALLEST", "check_keystore", "key_id", "make_keystore", "prove_keystore"]

KEY_ID = "rsa1"  # IAM's default key

SMALLEST = 2048  # bits
_LONGEST_ID = 100  # a longer one may be a part of the key itself
_NUMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


def make_keystore() -> str:
    """A set with one new private RSA key."""
    from joserfc.jwk import RSAKey  # noqa: PLC0415 - not needed by a deployment

    key = RSAKey.generate_key(SMALLEST, {"kid": KEY_ID})
    return as_json({"keys": [key.as_dict(private=True)]})


def key_id(text: str) -> str:
    """The id of the key to sign with: IAM's default if it exists, else that of the first key."""
    try:
        ids = [key["kid"] for key in json.loads(text)["keys"] if key["kty"] == "RSA"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return KEY_ID  # check_keystore reports what is wrong
    return ids[0] if ids and KEY_ID not in ids else KEY_ID


def check_keystore(text: str) -> str | None:
    """The flaw in the form of a key set, None if there is none; it never contains a part of a key."""
    try:
        keys = json.loads(text)["keys"]
        rsa_keys = [key for key in keys if key["kty"] == "RSA"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "is no JSON Web Key Set: it must be an object with a list `keys`"
    if not rsa_keys:
        return "holds no RSA key"
    return next((flaw for key in rsa_keys if (flaw := _flaw(key))), None)


def prove_keystore(text: str) -> str | None:
    """The flaw in the numbers of the keys of a set of the right form; None if there is none."""
    from joserfc.errors import JoseError  # noqa: PLC0415 - likewise
    from joserfc.jwk import RSAKey  # noqa: PLC0415 - likewise

    for key in json.loads(text)["keys"]:
        if key["kty"] != "RSA":
            continue
        try:
            RSAKey.import_key({"kty": "RSA", **{name: key[name] for name in _NUMBERS}})
        except (ValueError, JoseError):
            # Cryptography refuses factors that are not prime, and an exponent of 1: anyone could forge tokens then.
            return f"holds the key {key['kid']}, whose numbers do not belong together"
    return None


def _flaw(key: dict[str, Any]) -> str | None:
    name = key.get("kid")
    if not isinstance(name, str) or len(name) > _LONGEST_ID:
        return f"holds a key without `kid`, a text of at most {_LONGEST_ID} characters"
    if "d" not in key:
        return f"holds only the public part of the key {key['kid']}"
    try:
        bits = {name: _bits(key[name]) for name in _NUMBERS}["n"]
    except (ValueError, TypeError, KeyError):
        return f"holds the key {key['kid']} incompletely"
    if bits < SMALLEST:
        return f"holds the key {key['kid']} of {bits} bits; {SMALLEST} are the least that nobody else can compute"
    return None


def _bits(number: str) -> int:
    """The length of a number in base64url."""
    content = base64.b64decode(number + "=" * (-len(number) % 4), altchars="-_", validate=True)
    return int.from_bytes(content).bit_length()
