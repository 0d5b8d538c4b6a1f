"""An API server of this process that runs commands in pods: WebSocket and channels as Kubernetes has them."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tests.support.serving import serving

__all__ = ["Commands", "exec_server", "status_of"]

_PROTOCOL = "v4.channel.k8s.io"
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
_CLOSE = b"\x88\x00"


@dataclass
class Commands:
    """What the server answers with, and what it was asked.

    ``frames`` are sent after the handshake, each a channel and its content. ``refusal`` is sent in place of a
    handshake: a status and words. With ``waits``, the server sends nothing more and closes nothing.
    """

    frames: list[tuple[int, bytes]] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    waits: bool = False
    port: int = 0
    path: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    stdin: bytes = b""


def status_of(code: int) -> tuple[int, bytes]:
    """The frame about the end of a command."""
    content: dict[str, Any] = {"status": "Success"}
    if code:
        causes = [{"reason": "ExitCode", "message": str(code)}]
        content = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    return 3, json.dumps(content).encode()


@contextmanager
def exec_server() -> Iterator[Commands]:
    """One without TLS, that serves until the end of the context."""
    made = Commands()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            made.path, made.asked = url.path, parse_qsl(url.query)
            self.close_connection = True
            if made.refusal:
                code, words = made.refusal
                content = json.dumps({"kind": "Status", "apiVersion": "v1", "message": words}).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return
            key = self.headers["Sec-WebSocket-Key"] + _GUID
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Protocol", _PROTOCOL)
            accepted = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
            self.send_header("Sec-WebSocket-Accept", accepted)
            self.end_headers()
            if ("stdin", "true") in made.asked:
                made.stdin = self._received()
            for channel, content in made.frames:
                data = bytes([channel]) + content
                self.wfile.write(b"\x82\x7e" + struct.pack(">H", len(data)) + data)
            if made.waits:
                self.rfile.read(1)
            else:
                self.wfile.write(_CLOSE)

        def _received(self) -> bytes:
            length = self.rfile.read(2)[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self.rfile.read(2))
            mask = self.rfile.read(4)
            return bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(length)))

        @override
        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as made.port:
        yield made
