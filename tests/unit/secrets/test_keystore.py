"""IAM's signing keys."""

from __future__ import annotations

import json
from functools import cache
from math import gcd
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.util import base64_to_int, int_to_base64

from panda_infra.products.panda.keystore import check_keystore, make_keystore, prove_keystore


@cache
def good() -> str:
    return make_keystore()


def changed(**change: Any) -> str:
    (key,) = json.loads(good())["keys"]
    key = {name: value for name, value in {**key, **change}.items() if value is not None}
    return json.dumps({"keys": [key]})


def test_a_made_keystore_is_good_and_new_each_time() -> None:
    assert check_keystore(good()) is None
    assert prove_keystore(good()) is None
    assert json.loads(good()) != json.loads(make_keystore())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON Web Key Set"),
        ("[1]", "is no JSON Web Key Set"),
        ('{"keys": 1}', "is no JSON Web Key Set"),
        ('{"keys": []}', "holds no RSA key"),
    ],
)
def test_what_is_no_keystore_is_reported(text: str, words: str) -> None:
    assert words in (check_keystore(text) or "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kid": None}, "without `kid`"),
        ({"kid": "x" * 101}, "without `kid`, a text of at most 100 characters"),
        ({"d": None}, "only the public part"),
        ({"p": None}, "incompletely"),
    ],
)
def test_a_key_that_cannot_sign_is_reported(change: dict[str, Any], words: str) -> None:
    assert words in (check_keystore(changed(**change)) or "")


@pytest.mark.parametrize("number", ["n", "e", "d", "p", "q", "dp", "dq", "qi"])
def test_a_key_with_a_number_of_another_key_is_reported(number: str) -> None:
    (other,) = json.loads(make_keystore())["keys"]
    value = other[number] if number != "e" else "Aw"
    assert "do not belong together" in (prove_keystore(changed(**{number: value})) or "")


def test_an_exponent_with_which_everybody_signs_is_reported() -> None:
    one = int_to_base64(1)
    flaw = prove_keystore(changed(e=one, d=one, dp=one, dq=one))
    assert "do not belong together" in (flaw or "")


@pytest.mark.parametrize("name", ["e", "d"])
def test_an_exponent_beyond_the_modulus_is_reported(name: str) -> None:
    """It is right by the arithmetic, but OpenSSL and Java refuse it."""
    (key,) = json.loads(good())["keys"]
    period = (base64_to_int(key["p"]) - 1) * (base64_to_int(key["q"]) - 1)
    flaw = prove_keystore(changed(**{name: int_to_base64(base64_to_int(key[name]) + 2 * period)}))
    assert "do not belong together" in (flaw or "")


def test_a_factor_that_is_no_prime_is_reported() -> None:
    (key,) = json.loads(good())["keys"]
    e, q = base64_to_int(key["e"]), base64_to_int(key["q"])
    p = next(p for p in range(base64_to_int(key["p"]) + 2, q << 64, 2) if gcd(e, p - 1) == 1 == gcd(p, q))
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = {"n": p * q, "d": d, "p": p, "dp": d % (p - 1), "dq": d % (q - 1), "qi": pow(q, -1, p)}
    flaw = prove_keystore(changed(**{name: int_to_base64(value) for name, value in numbers.items()}))
    assert "do not belong together" in (flaw or "")


def test_a_short_key_like_the_published_one_is_refused() -> None:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=1024).private_numbers()
    short = {"kid": "rsa1", "n": int_to_base64(numbers.public_numbers.n)}
    flaw = check_keystore(changed(**short))
    assert flaw == "holds the key rsa1 of 1024 bits; 2048 are the least that nobody else can compute"
