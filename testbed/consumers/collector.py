"""A collector for the telemetry of programs in a sandbox, by OTLP over HTTP."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["ADDRESS", "Collected", "listen"]

ADDRESS = ("127.78.0.31", 4318)
"""The address at which it listens."""


@dataclass
class Collected:
    """The requests that came: the bodies of requests by their paths."""

    bodies: dict[str, list[bytes]] = field(default_factory=dict)

    def has(self, path: str, *words: str) -> bool:
        """True if one request to a path contains all these words; protobuf leaves texts as they are."""
        return any(all(word.encode() in body for word in words) for body in self.bodies.get(path, ()))


def listen() -> Collected:
    """Accept every request from now on, until the sandbox ends."""
    made = Collected()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.bodies.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Log nothing: standard output contains only checks."""

    server = ThreadingHTTPServer(ADDRESS, Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return made
