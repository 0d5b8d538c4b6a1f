"""A provider of OIDC with INDIGO IAM's manners: its name ends with a slash, and groups are only at `/userinfo`."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey
from typing_extensions import override

from tests.support.serving import serving

__all__ = ["Provider", "provider"]

_ALGORITHM = "RS256"


@dataclass
class Provider:
    """A running provider; ``groups`` are those of each person, ``client`` the id and the secret of its only client."""

    issuer: str
    client: tuple[str, str]
    groups: Mapping[str, list[str]]
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def code(self, person: str) -> str:
        """What a browser brings back after the log-in of a person."""
        made = secrets.token_hex(8)
        self.codes[made] = person
        return made

    def answer(self, path: str, form: Mapping[str, list[str]], authorization: str) -> Any:
        """The answer to a request; None where nothing is, and for a stranger."""
        bearer = authorization.removeprefix("Bearer ")
        if path == "/.well-known/openid-configuration":
            return self._discovered()
        if path == "/jwk":
            return {"keys": [self.key.as_dict(private=False) | {"use": "sig", "alg": _ALGORITHM}]}
        if (
            path == "/token"
            and self._is_client(form, authorization)
            and form.get("code", [""])[0] in self.codes
        ):
            return self._issued(self.codes.pop(form["code"][0]))
        if path == "/userinfo" and bearer in self.tokens:
            person = self.tokens[bearer]
            return {"sub": person, "groups": self.groups[person]}
        return None

    def _is_client(self, form: Mapping[str, list[str]], authorization: str) -> bool:
        known = base64.b64encode(":".join(self.client).encode()).decode()
        reported = (*form.get("client_id", []), *form.get("client_secret", []))
        return authorization == f"Basic {known}" or reported == self.client

    def _discovered(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}authorize",
            "token_endpoint": f"{self.issuer}token",
            "userinfo_endpoint": f"{self.issuer}userinfo",
            "jwks_uri": f"{self.issuer}jwk",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "profile", "email"],
        }

    def _issued(self, person: str) -> dict[str, Any]:
        access = secrets.token_hex(8)
        self.tokens[access] = person
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": person, "aud": self.client[0], "iat": now, "exp": now + 600}
        token = jwt.encode({"alg": _ALGORITHM, "kid": "one"}, claims, self.key)
        return {"access_token": access, "token_type": "Bearer", "id_token": token, "expires_in": 600}


@contextmanager
def provider(client: tuple[str, str], groups: Mapping[str, list[str]]) -> Iterator[Provider]:
    """A provider on a port of its own, until the end of the context."""

    running = Provider("", client, groups)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._answer(parse_qs(self.rfile.read(length).decode()))

        def _answer(self, form: Mapping[str, list[str]]) -> None:
            authorization = self.headers.get("Authorization") or ""
            found = running.answer(self.path.partition("?")[0], form, authorization)
            content = json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with serving(Handler) as port:
        running.issuer = f"http://127.0.0.1:{port}/"
        yield running
