"""A CRIC of this machine: HTTPS with an authority of its own, and lists that a test may change."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from typing_extensions import override

from panda_infra.authority import make_authority
from tests.support.serving import serving
from tools import REPOSITORY

__all__ = ["API", "Cric", "cric"]

API = "/api/atlas"
_QUERIES = {
    "sites": "site/query/?json",
    "panda_queues": "pandaqueue/query/?json",
    "ddm_endpoints": "ddmendpoint/query/?json",
    "ddm_blacklist": "ddmendpointstatus/query/?json&activity=write_wan&fstate=OFF",
    "ddm_objectstores": (
        "ddmendpoint/query/?json&state=ACTIVE&site_state=ACTIVE&preset=dict&type[]=OS_LOGS&type[]=OS_ES"
    ),
}

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Cric:
    """A CRIC that runs: ``lists`` by their names; ``answers`` to paths in place of them; who asked, by their names."""

    url: str
    authority: Path
    lists: dict[str, Any]
    answers: dict[str, Answer] = field(default_factory=dict)
    askers: list[str] = field(default_factory=list)

    def answer(self, name: str, answer: Answer) -> None:
        """Give this in place of a list."""
        self.answers[f"{API}/{_QUERIES[name]}"] = answer

    def of(self, path: str) -> bytes | None:
        """The list at a path."""
        for name, query in _QUERIES.items():
            if path == f"{API}/{query}":
                found = self.lists[name]
                return found if isinstance(found, bytes) else json.dumps(found).encode()
        return None


@contextmanager
def cric(folder: Path, *, clients: bool = False) -> Iterator[Cric]:
    """A CRIC that gives the project's example; ``clients`` must then identify themselves by its authority."""
    authority = make_authority("Grid", now=datetime.now(UTC))
    parts = authority.issue(["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain = folder / "ca.pem"
    chain.write_text(parts.chain)
    for name, of in (("server.pem", parts), ("client.pem", authority.issue(["client"]))):
        (folder / name).write_text(of.certificate + of.key)
    context.load_cert_chain(folder / "server.pem")
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(chain)
    made = Cric("", chain, {name: _example(name) for name in _QUERIES})

    class Handler(BaseHTTPRequestHandler):
        """Of this CRIC."""

        def do_GET(self) -> None:
            """Answer with a list."""
            peer: Any = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
            made.askers += [name for _, name in (peer or {}).get("subjectAltName", ())]
            if own := made.answers.get(self.path):
                return own(self)
            content = made.of(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content or b"{}")
            return None

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    with serving(Handler, context) as port:
        made.url = f"https://localhost:{port}"
        yield made


def _example(name: str) -> Any:
    return json.loads((REPOSITORY / "cric_jsons" / f"{name}.json").read_text())
