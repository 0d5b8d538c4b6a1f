"""Something in front of an API server that lets in by tokens of its own, below a path, as Rancher does."""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

from panda_infra.authority import make_authority
from tests.support import fast_yaml
from tests.support.serving import serving

__all__ = ["Front", "front"]

_PATH = "/k8s/clusters/c-m-abc12345"
_OWN = ("authorization", "host", "connection", "accept-encoding")
_HOP = ("transfer-encoding", "connection", "content-length")


@dataclass
class Front:
    """Lets in whoever shows one of ``tokens``, or one of ``passwords``, which are USER:PASSWORD."""

    authority: str
    tokens: set[str] = field(default_factory=set)
    passwords: set[str] = field(default_factory=set)
    port: int = 0

    def knows(self, authorization: str) -> bool:
        """Whether the value of that header lets in."""
        kind, _, shown = authorization.partition(" ")
        if kind == "Basic":
            return base64.b64decode(shown).decode() in self.passwords
        return kind == "Bearer" and shown in self.tokens

    def kubeconfig(self, token: str) -> dict[str, Any]:
        """The way in with a token."""
        cluster = {
            "server": f"https://localhost:{self.port}{_PATH}",
            "certificate-authority-data": base64.b64encode(self.authority.encode()).decode(),
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "downstream", "cluster": cluster}],
            "users": [{"name": "operator", "user": {"token": token}}],
            "contexts": [{"name": "downstream", "context": {"cluster": "downstream", "user": "operator"}}],
            "current-context": "downstream",
        }


@contextmanager
def front(kubeconfig: Path, folder: Path) -> Iterator[Front]:
    """A front of the cluster of a kubeconfig with a client certificate; ``folder`` takes its key."""
    document = fast_yaml.load(kubeconfig.read_text())
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    inside = ssl.create_default_context(
        cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
    )
    pair = folder / "inside.pem"
    pair.write_bytes(
        b"\n".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    )
    inside.load_cert_chain(pair)
    address = urlsplit(cluster["server"])
    parts = make_authority("Front", now=datetime.now(UTC)).issue(["localhost"])
    own = folder / "front.pem"
    own.write_text(parts.certificate + parts.key)
    outside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    outside.load_cert_chain(own)
    made = Front(parts.chain)

    class Handler(_Handler):
        """Of this front."""

    Handler.front, Handler.inside, Handler.inner = made, inside, (address.hostname or "", address.port or 443)
    with serving(Handler, outside) as made.port:
        yield made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front
    inside: ssl.SSLContext
    inner: tuple[str, int]

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def _pass_on(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        known = self.front.knows(self.headers.get("Authorization") or "")
        if not known or not self.path.startswith(_PATH):
            # It answers itself that it does not know a cluster.
            self.send_response(404 if known else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        connection = http.client.HTTPSConnection(*self.inner, context=self.inside)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
            connection.request(self.command, self.path.removeprefix(_PATH) or "/", body, headers)
            self._answer(connection.getresponse())
        finally:
            connection.close()

    def _answer(self, response: http.client.HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if response.getheader("Content-Length") is not None:
            content = response.read()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while part := response.read1(65536):  # a watch never ends by itself
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815 - the base class's names
