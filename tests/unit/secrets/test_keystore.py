"""IAM's signing keys."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from panda_infra.secrets.keystore import _text, check_keystore, make_keystore


@cache
def good() -> str:
    return make_keystore()


def changed(**change: Any) -> str:
    (key,) = json.loads(good())["keys"]
    key = {name: value for name, value in {**key, **change}.items() if value is not None}
    return json.dumps({"keys": [key]})


def test_a_made_keystore_is_good_and_new_each_time() -> None:
    assert check_keystore(good()) is None
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
def test_what_is_no_keystore_is_told(text: str, words: str) -> None:
    assert words in (check_keystore(text) or "")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kid": None}, "without `kid`"),
        ({"d": None}, "only the public part"),
        ({"p": None}, "incompletely"),
        ({"e": "AQ"}, "do not belong together"),
    ],
)
def test_a_key_that_cannot_sign_is_told(change: dict[str, Any], words: str) -> None:
    assert words in (check_keystore(changed(**change)) or "")


@pytest.mark.parametrize("number", ["n", "e", "d", "p", "q", "dp", "dq", "qi"])
def test_a_key_with_a_number_of_another_key_is_told(number: str) -> None:
    (other,) = json.loads(make_keystore())["keys"]
    value = other[number] if number != "e" else "Aw"
    assert "do not belong together" in (check_keystore(changed(**{number: value})) or "")


def test_a_short_key_like_the_published_one_is_refused() -> None:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=1024).private_numbers()
    short = {"kid": "rsa1", "n": _text(numbers.public_numbers.n)}
    flaw = check_keystore(changed(**short))
    assert flaw == "holds the key rsa1 of 1024 bits; 2048 are the least that nobody else can compute"
