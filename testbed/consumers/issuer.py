"""The stack's issuer for tests: IAM's discovery document and keys, and tokens signed by its keys."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256

from testbed.consumers.sandbox import Sandbox

__all__ = ["CERTIFICATES", "IAM", "Issuer"]

IAM = "iam/main"
CERTIFICATES = "/indigo-iam/certs"
_KEYSTORE = "/indigo-iam/config/iam-keystore.jwks"
_PUBLIC = ("kty", "kid", "use", "alg", "n", "e")
_SECONDS = 3600


@dataclass(frozen=True)
class Issuer:
    """The issuer that IAM's container would be; like IAM's own, ``url`` ends with a slash."""

    url: str
    key: Mapping[str, str]

    @classmethod
    def of(cls, sandbox: Sandbox) -> Issuer | None:
        """The issuer of a stack; None if it is elsewhere, because then its keys are not here."""
        if not sandbox.has(IAM):
            return None
        iam = sandbox.container(IAM)
        issuer = cls.made(iam.environment, iam.files[_KEYSTORE].content)
        # If a proxy in front of IAM has the certificate, the test cannot answer under its name.
        if issuer.url.startswith("https:") and f"{CERTIFICATES}/hostkey.pem" not in iam.files:
            return None
        return issuer

    @classmethod
    def made(cls, environment: Mapping[str, str], keystore: bytes) -> Issuer:
        """The issuer with IAM's variables and its key store."""
        keys: list[dict[str, str]] = json.loads(keystore)["keys"]
        wanted = environment["IAM_JWK_DEFAULT_KEY_ID"]
        key = next(key for key in keys if key["kid"] == wanted)
        return cls(environment["IAM_ISSUER"].rstrip("/") + "/", key)

    def own(self, clients: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
        """The clients of a program's configuration whose tokens this issuer signs."""
        return {
            name: client for name, client in clients.items() if client["oidc_config_url"].startswith(self.url)
        }

    def documents(self) -> dict[str, Any]:
        """The issuer's answers by path."""
        ends = {"jwks_uri": "jwk", "token_endpoint": "token", "device_authorization_endpoint": "devicecode"}
        discovery = {"issuer": self.url, **{name: self.url + path for name, path in ends.items()}}
        path = urllib.parse.urlsplit(self.url).path
        keys = {"keys": [{name: self.key[name] for name in _PUBLIC if name in self.key}]}
        return {f"{path}.well-known/openid-configuration": discovery, f"{path}jwk": keys}

    def token(self, **claims: object) -> str:
        """A token that is valid for an hour unless the claims change that."""
        return self._signed(_private(self.key), claims)

    def forged(self, **claims: object) -> str:
        """The same token, signed by another key under the same key id."""
        return self._signed(generate_private_key(65537, 2048), claims)

    def _signed(self, key: RSAPrivateKey, claims: Mapping[str, object]) -> str:
        now = int(time.time())
        head = {"alg": "RS256", "kid": self.key["kid"], "typ": "JWT"}
        body = {"iss": self.url, "iat": now, "nbf": now, "exp": now + _SECONDS, "jti": f"{now}", **claims}
        text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, body))
        return f"{text}.{_encoded(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _private(key: Mapping[str, str]) -> RSAPrivateKey:
    n, e, p, q, d, dp, dq, qi = (
        int.from_bytes(_decoded(key[name])) for name in ("n", "e", "p", "q", "d", "dp", "dq", "qi")
    )
    return RSAPrivateNumbers(p, q, d, dp, dq, qi, RSAPublicNumbers(e, n)).private_key()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
