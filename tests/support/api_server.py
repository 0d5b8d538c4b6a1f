"""An API server of this process, with TLS, that lets in by a token or a client certificate."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from panda_infra.authority import make_authority
from panda_infra.clients.kubernetes.kubeconfig import Source, Target, choose
from tests.support.serving import serving

__all__ = ["HERE", "TOKEN", "Server", "api_server", "kubeconfig"]

TOKEN = "canary-token"
HERE = Source("~/.kube/config", "Get a new one.")


@dataclass
class Server:
    """Knows ``TOKEN``, the password ``u:p``, and who shows a certificate; ``answers`` come before its own."""

    port: int = 0
    authority: str = ""
    client: tuple[str, str] = ("", "")
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    content: bytes | None = None
    """In place of an API server's messages."""

    @property
    def cluster(self) -> dict[str, Any]:
        """The cluster's entry in a kubeconfig."""
        return {
            "server": f"https://localhost:{self.port}",
            "certificate-authority-data": base64.b64encode(self.authority.encode()).decode(),
        }

    def target(self, user: Mapping[str, Any], **cluster: Any) -> Target:
        """The way in for a user."""
        return choose(kubeconfig(self.cluster | cluster, user), None, HERE)


def kubeconfig(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """A kubeconfig of one cluster and one user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": dict(cluster)}],
        "users": [{"name": "u", "user": dict(user)}],
    }


@contextmanager
def api_server(folder: Path) -> Iterator[Server]:
    """One that serves until the end of the context; ``folder`` takes its key."""
    made = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.asked.append((self.command, self.path, dict(self.headers)))
            known = self.headers["Authorization"] in (
                f"Bearer {TOKEN}",
                f"Basic {base64.b64encode(b'u:p').decode()}",
            )
            assert isinstance(self.connection, ssl.SSLSocket)
            status = 200 if known or self.connection.getpeercert() else 401
            headers: dict[str, str] = {}
            if made.answers:
                status, headers = made.answers.pop(0)
            content = json.dumps(
                {"items": []} if status == 200 else {"kind": "Status", "message": f"said {status}"}
            ).encode()
            content = made.content if made.content is not None else content
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the base class's names

        @override
        def log_message(self, *_: object) -> None:
            pass

    authority = make_authority("Test", now=datetime.now(UTC))
    parts, person = authority.issue(["127.0.0.1", "localhost"]), authority.issue(["person"])
    pem = folder / "server.pem"
    pem.write_text(parts.certificate + parts.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.load_verify_locations(cadata=parts.chain)
    context.verify_mode = ssl.CERT_OPTIONAL
    made.authority, made.client = parts.chain, (person.certificate, person.key)
    with serving(Handler, context) as made.port:
        yield made
