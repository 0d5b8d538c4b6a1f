"""A vault of this process: what the HTTP API of OpenBao and Vault documents of log-ins and of KV engines of version 2.

Answers have the documented status and form: https://openbao.org/api-docs/secret/kv/kv-v2 and auth/jwt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from tests.support.serving import serving

__all__ = ["FakeVault", "running"]

_NOW = "2026-11-30T09:00:00.000000000Z"
_FORBIDDEN = {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}


@dataclass
class _Version:
    data: dict[str, Any]
    deleted: bool = False
    destroyed: bool = False


@dataclass
class FakeVault:
    """Secrets by mount and path, in one namespace; ``tokens`` are those it accepts, ``hidden`` paths none may read.

    ``roles`` maps the mount of a log-in, a role and a JWT to the token that they give. ``asked`` are all requests.
    """

    token: str
    namespace: str = ""
    secrets: dict[str, list[_Version]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    roles: dict[tuple[str, str, str], str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def put(self, place: str, **data: Any) -> None:
        """A new version of the secret at MOUNT/PATH."""
        self.secrets.setdefault(place, []).append(_Version(data))

    def delete(self, place: str, *, destroy: bool = False) -> None:
        """Delete its newest version."""
        newest = self.secrets[place][-1]
        newest.deleted, newest.destroyed = not destroy, destroy

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a client finds it and logs in."""
        return {"VAULT_ADDR": self.address, "VAULT_TOKEN": self.token}

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, Any]]:
        """The status and the body of an answer."""
        given = {name.lower(): text for name, text in headers.items()}
        if given.get("x-vault-namespace", "") != self.namespace:
            return 404, {"errors": ["no namespace of that name"]}
        if method == "POST" and path.startswith("auth/") and path.endswith("/login"):
            return self._login(path.removeprefix("auth/").removesuffix("/login"), body)
        if given.get("x-vault-token") not in {self.token, *self.roles.values()}:
            return 403, _FORBIDDEN
        mount, _, rest = path.partition("/")
        engine, _, place = rest.partition("/")
        if method != "GET" or engine != "data":
            return 404, {"errors": [f'no handler for route "{path}". route entry not found.']}
        return self._read(f"{mount}/{place}")

    def _login(self, mount: str, body: Any) -> tuple[int, dict[str, Any]]:
        token = self.roles.get((mount, body["role"], body["jwt"]))
        if token is None:
            return 400, {"errors": [f'role "{body["role"]}" could not be found']}
        auth = {"client_token": token, "policies": ["default"], "lease_duration": 3600, "renewable": True}
        return 200, {"data": None, "auth": auth}

    def _read(self, place: str) -> tuple[int, dict[str, Any]]:
        if place in self.hidden:
            return 403, _FORBIDDEN
        if place not in self.secrets:
            return 404, {"errors": []}
        version = self.secrets[place][-1]
        gone = version.deleted or version.destroyed
        metadata = {
            "created_time": _NOW,
            "custom_metadata": None,
            "deletion_time": _NOW if version.deleted else "",
            "destroyed": version.destroyed,
            "version": len(self.secrets[place]),
        }
        data = {"data": None if gone else version.data, "metadata": metadata}
        return (404 if gone else 200), {"lease_id": "", "renewable": False, "data": data, "auth": None}


@contextmanager
def running(token: str = "canary-of-the-token", **settings: Any) -> Iterator[FakeVault]:
    """A vault that listens while the context does."""
    vault = FakeVault(token, **settings)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply(None)

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: Any) -> None:
            path = unquote(self.path.removeprefix("/v1/"))
            vault.asked.append(f"{self.command} {path}")
            status, text = vault.answer(self.command, path, dict(self.headers.items()), body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(text).encode())

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    with serving(Handler) as port:
        vault.address = f"http://127.0.0.1:{port}"
        yield vault
