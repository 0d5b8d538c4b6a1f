"""The API server's answers to a pod, by HTTPS."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from panda_infra.clients.pod.kubernetes import CallError, in_cluster
from testbed.pki import Authority


class ApiServer(HTTPServer):
    """Answers every question with ``status`` and ``content``; the last ``lacks`` bytes do not arrive."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        authority = Authority.fresh("cluster")
        authority.server("api", ["127.0.0.1"]).write(folder / "server")
        (folder / "ca.crt").write_bytes(authority.pair.certificate)
        (folder / "token").write_text("a-token-canary\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.status, self.content, self.lacks = 200, b'{"items": []}', 0


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer a-token-canary"
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content) + self.server.lacks))
        self.end_headers()
        self.wfile.write(self.server.content)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ApiServer]:
    made = ApiServer(tmp_path)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_an_answer(server: ApiServer, tmp_path: Path) -> None:
    call = in_cluster("127.0.0.1", str(server.server_address[1]), tmp_path)
    assert call("GET", "/api/v1/nodes") == {"items": []}
    assert call("GET", "/log", text=True) == '{"items": []}'


def test_a_refusal(server: ApiServer, tmp_path: Path) -> None:
    call = in_cluster("127.0.0.1", str(server.server_address[1]), tmp_path)
    server.status, server.content = 409, b'{"message": "somebody was faster"}'
    with pytest.raises(CallError, match="409 somebody was faster") as caught:
        call("GET", "/api/v1/nodes")
    assert caught.value.is_conflict


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("text", [True, False])
def test_an_answer_that_breaks_off_is_none(
    server: ApiServer, tmp_path: Path, status: int, text: bool
) -> None:
    """As of an API server that ends while it answers: the program of the pod must not end with it."""
    call = in_cluster("127.0.0.1", str(server.server_address[1]), tmp_path)
    server.status, server.lacks = status, 10
    with pytest.raises(CallError) as caught:
        call("GET", "/api/v1/nodes", text=text)
    assert caught.value.status == (None if status == 200 else status)
    assert "canary" not in str(caught.value)
