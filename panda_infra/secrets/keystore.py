"""The keys with which IAM signs tokens, as a JSON Web Key Set (T1)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from panda_infra.secrets.content import as_json

__all__ = ["KEY_ID", "SMALLEST", "check_keystore", "key_id", "make_keystore"]

KEY_ID = "rsa1"  # with which IAM signs where nobody says otherwise

SMALLEST = 2048  # bits
_LEAST_EXPONENT = 3  # with 1, whoever reads a token could sign one
_LONGEST_ID = 100  # what is longer may be a part of the key itself
_PRIVATE = ("n", "e", "d", "p", "q", "dp", "dq", "qi")


def make_keystore() -> str:
    """A set with one new private RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST)
    private = key.private_numbers()
    public = private.public_numbers
    values = (public.n, public.e, private.d, private.p, private.q, private.dmp1, private.dmq1, private.iqmp)
    numbers = {name: _text(value) for name, value in zip(_PRIVATE, values, strict=True)}
    return as_json({"keys": [{"kty": "RSA", "kid": KEY_ID, **numbers}]})


def key_id(text: str) -> str:
    """The id of the key to sign with: IAM's usual one where it is there, else that of the first."""
    try:
        ids = [key["kid"] for key in json.loads(text)["keys"] if key["kty"] == "RSA"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return KEY_ID  # check_keystore tells what is wrong
    return ids[0] if ids and KEY_ID not in ids else KEY_ID


def check_keystore(text: str) -> str | None:
    """What is wrong with a key set, None when nothing is; never a part of a key."""
    try:
        keys = json.loads(text)["keys"]
        rsa_keys = [key for key in keys if key["kty"] == "RSA"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "is no JSON Web Key Set: it must be an object with a list `keys`"
    if not rsa_keys:
        return "holds no RSA key"
    return next((flaw for key in rsa_keys if (flaw := _flaw(key))), None)


def _flaw(key: dict[str, Any]) -> str | None:
    name = key.get("kid")
    if not isinstance(name, str) or len(name) > _LONGEST_ID:
        return f"holds a key without `kid`, a text of at most {_LONGEST_ID} characters"
    if "d" not in key:
        return f"holds only the public part of the key {key['kid']}"
    try:
        numbers = {name: _number(key[name]) for name in _PRIVATE}
    except (KeyError, ValueError, TypeError, AttributeError):
        return f"holds the key {key['kid']} incompletely"
    bits = numbers["n"].bit_length()
    if bits < SMALLEST:
        return f"holds the key {key['kid']} of {bits} bits; {SMALLEST} are the least that nobody else can compute"
    if not _belong_together(**numbers):
        return f"holds the key {key['kid']}, whose numbers do not belong together"
    return None


def _belong_together(*, n: int, e: int, d: int, p: int, q: int, dp: int, dq: int, qi: int) -> bool:
    """Whether numbers are those of one key (RFC 8017, 3.2).

    OpenSSL's own check looks for composite p and q in as much time as the rest of the stack file takes; Fermat's test
    is enough against slips.
    """
    return (
        _LEAST_EXPONENT <= e < n
        and d < n
        and n == p * q
        and _is_prime(p)
        and _is_prime(q)
        and (e * d) % (p - 1) == (e * d) % (q - 1) == 1
        and (dp, dq) == (d % (p - 1), d % (q - 1))
        and (q * qi) % p == 1
    )


def _is_prime(number: int) -> bool:
    return number > 2 and pow(2, number - 1, number) == 1  # noqa: PLR2004 - Fermat's test to the base 2


def _text(value: int) -> str:
    return urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode().rstrip("=")


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
