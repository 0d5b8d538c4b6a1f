"""A registry of this process with one repository, for tests that need no real one: it stores, lists and gives back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from panda_infra.clients.registry.artifacts import Repository
from tests.support.serving import serving

__all__ = ["OciRegistry", "oci_registry"]

_NAME = "site/records"
_PAGE = 2


@dataclass
class OciRegistry:
    """What is stored, to be looked at and tampered with; with ``referrers`` it has the API for these."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    referrers: dict[str, Any] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def repository(self) -> Repository:
        return Repository(f"127.0.0.1:{self.port}", _NAME)

    @property
    def reference(self) -> str:
        return f"oci://127.0.0.1:{self.port}/{_NAME}"


class _Handler(BaseHTTPRequestHandler):
    registry: OciRegistry

    @override
    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _path(self) -> str:
        return urlsplit(self.path).path.removeprefix(f"/v2/{_NAME}/")

    def do_GET(self) -> None:
        kind, _, reference = self._path().partition("/")
        if kind == "tags":
            return self._tags()
        if kind == "referrers" and reference in self.registry.referrers:
            return self._answer(200, json.dumps({"manifests": self.registry.referrers[reference]}).encode())
        shelf = {"manifests": self.registry.manifests, "blobs": self.registry.blobs}.get(kind, {})
        return self._answer(200, shelf[reference]) if reference in shelf else self._answer(404)

    do_HEAD = do_GET  # noqa: N815 - the base class's names

    def _tags(self) -> None:
        tags = sorted(self.registry.manifests)
        first = int(parse_qs(urlsplit(self.path).query).get("from", ["0"])[0])
        if not tags:
            return self._answer(404)
        more = first + _PAGE < len(tags)
        link = {"Link": f'</v2/{_NAME}/tags/list?from={first + _PAGE}>; rel="next"'} if more else {}
        return self._answer(200, json.dumps({"tags": tags[first : first + _PAGE]}).encode(), **link)

    def do_POST(self) -> None:
        self._answer(202, Location=f"/v2/{_NAME}/blobs/uploads/1?state=a")

    def do_PUT(self) -> None:
        content, path = self._body(), self._path()
        self.registry.sent.append(path)
        if path.startswith("manifests/"):
            self.registry.manifests[path.removeprefix("manifests/")] = content
        else:
            (digest,) = parse_qs(urlsplit(self.path).query)["digest"]
            assert digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
            self.registry.blobs[digest] = content
        self._answer(201)


@contextmanager
def oci_registry() -> Iterator[OciRegistry]:
    """An empty one, until the end of the context."""
    registry = OciRegistry()

    class Handler(_Handler):
        """Of this registry."""

    Handler.registry = registry
    with serving(Handler) as registry.port:
        yield registry
