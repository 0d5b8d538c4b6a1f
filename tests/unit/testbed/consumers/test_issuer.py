from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from testbed.charts import FIXTURES
from testbed.consumers import deployed
from testbed.consumers.issuer import Issuer
from testbed.consumers.pods import containers
from testbed.consumers.sandbox import Sandbox
from tests.support.consumers import complete


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    config = complete("usual")
    found = containers(deployed.rendered("local", config, FIXTURES))
    releases = {name: config.names.release(name) for name in config.components.deployed()}
    made = Issuer.of(Sandbox(tmp_path_factory.mktemp("sandbox"), found, [], releases))
    assert made
    return made


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def verify(issuer: Issuer, token: str) -> dict[str, object]:
    """As every reader of the issuer's documents does."""
    head, body, signature = token.split(".")
    documents = issuer.documents()
    discovery = documents["/.well-known/openid-configuration"]
    keys = documents[discovery["jwks_uri"].removeprefix(issuer.url.rstrip("/"))]["keys"]
    (key,) = [each for each in keys if each["kid"] == json.loads(decoded(head))["kid"]]
    numbers = (int.from_bytes(decoded(key[name])) for name in ("e", "n"))
    public = RSAPublicNumbers(*numbers).public_key()
    public.verify(decoded(signature), f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    claims: dict[str, object] = json.loads(decoded(body))
    assert claims["iss"] == discovery["issuer"]
    return claims


def test_its_tokens_are_verified_by_what_it_shows(issuer: Issuer) -> None:
    claims = verify(issuer, issuer.token(sub="somebody", aud="client"))
    assert (claims["sub"], claims["aud"]) == ("somebody", "client")


def test_forged_tokens_are_not(issuer: Issuer) -> None:
    with pytest.raises(InvalidSignature):
        verify(issuer, issuer.forged(sub="somebody"))


def test_it_shows_no_part_of_the_private_key(issuer: Issuer) -> None:
    shown = json.dumps(issuer.documents())
    assert not any(issuer.key[name] in shown for name in ("d", "p", "q", "dp", "dq", "qi"))
