"""A front of the bed's git server that asks for a log-in, as the forges of sites do for private repositories."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from testbed.ports import HOST
from tests.support.serving import serving

__all__ = ["private"]

_OWN = ("authorization", "host", "connection")
_HOP = ("transfer-encoding", "connection", "content-length")


@contextmanager
def private(url: str, user: str, password: str) -> Iterator[str]:
    """The address under which a repository at ``url`` is read by that log-in alone, until the end of the context."""
    inner = urlsplit(url)
    token = base64.b64encode(f"{user}:{password}".encode()).decode()

    class Handler(_Handler):
        """Of this front."""

    Handler.authorization, Handler.inner = f"Basic {token}", (inner.hostname or "", inner.port or 80)
    with serving(Handler) as port:
        yield f"http://{HOST}:{port}{inner.path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    authorization: str
    inner: tuple[str, int]

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def _pass_on(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if self.headers.get("Authorization") != self.authorization:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="A forge"'}, b"")
            return
        connection = http.client.HTTPConnection(*self.inner)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        self._answer(response.status, dict(response.getheaders()), response.read())
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _pass_on  # noqa: N815 - the base class's names
