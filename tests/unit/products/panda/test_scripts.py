"""The scripts that pods run for `verify`, against a broker and a server of this process."""

from __future__ import annotations

import socketserver
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typing_extensions import override

from panda_infra.authority import make_authority
from panda_infra.products.panda import verification
from panda_infra.products.verification import NOTHING_TO_ASK, Command
from tests.support.serving import serving

_PASSWORD = "canary-of-the-broker"
Main = Callable[[Mapping[str, Any]], int]


def main_of(command: Command) -> Main:
    """The function that the pod runs."""
    found: dict[str, Any] = {}
    exec(command.script, found)
    made: Main = found["main"]
    return made


def run(command: Command) -> int:
    return main_of(command)(command.given(None))  # type: ignore[arg-type]


class _Broker(socketserver.StreamRequestHandler):
    """Lets in one account, and gives what it is sent to who has subscribed, unless it is deaf."""

    deaf = False

    @override
    def handle(self) -> None:
        while frame := self._frame():
            head, _, body = frame.partition("\n\n")
            command, *headers = head.lstrip("\n").split("\n")
            if command == "CONNECT":
                known = {"login:system", f"passcode:{_PASSWORD}"} <= set(headers)
                self.wfile.write(b"CONNECTED\nversion:1.1\n\n\0" if known else b"ERROR\nmessage:no\n\n\0")
            elif command == "SEND" and not self.deaf:
                self.wfile.write(f"MESSAGE\ndestination:/temp-queue/1\n\n{body}\0".encode())
            elif command == "SEND":
                self.wfile.write(b"ERROR\nmessage:no\n\n\0")

    def _frame(self) -> str:
        frame = b""
        while byte := self.rfile.read(1):
            if byte == b"\0":
                return frame.decode()
            frame += byte
        return ""


class _Deaf(_Broker):
    deaf = True


@contextmanager
def broker(kind: type[_Broker]) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def stomp(destination: str = "") -> Command:
    return verification.logged_in_to_broker(
        "msgsvc/activemq",
        "python3",
        broker="BROKER",
        login="system",
        password="PASSWORD",
        destination=destination,
    )


@pytest.mark.parametrize(
    ("kind", "password", "destination", "code", "words"),
    [
        (_Broker, _PASSWORD, "", 0, "system is logged in"),
        (_Broker, _PASSWORD, "/temp-queue/verify", 0, "a message has come back"),
        (_Deaf, _PASSWORD, "/temp-queue/verify", 1, "a message to /temp-queue/verify does not come back"),
        (_Broker, "wrong", "", 1, "the broker refuses the log-in of system"),
    ],
)
def test_the_broker(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    kind: type[_Broker],
    password: str,
    destination: str,
    code: int,
    words: str,
) -> None:
    with broker(kind) as port:
        monkeypatch.setenv("BROKER", f"127.0.0.1:{port}")
        monkeypatch.setenv("PASSWORD", password)
        assert run(stomp(destination)) == code
    shown = capsys.readouterr().out
    assert shown == f"{words}\n"
    assert _PASSWORD not in shown


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = (self.path, self.headers["Authorization"], self.headers["Origin"])
        self.send_response(200 if known == ("/api/v1/who", "Bearer good", "Rubin") else 401)
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """One by TLS, whose certificate is for another host, as that of a Service often is."""
    issued = make_authority("Site CA", now=datetime.now(UTC)).issue(["panda.site.org"])
    file = tmp_path / "server.pem"
    file.write_text(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(_Server, context) as port:
        monkeypatch.setenv("URL", f"https://127.0.0.1:{port}/api/v1")
        monkeypatch.setenv("VO", "Rubin")
        yield port


def token(variable: str, *status: int) -> Command:
    headers = {"Authorization": "Bearer {token}", "Origin": "{VO}"}
    return verification.asked_with_token(
        "panda/server", "python3", "{URL}/who", headers, token=variable, status=status
    )


def test_a_token_of_the_pod_is_accepted(
    server: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server
    monkeypatch.setenv("TOKEN", "good")
    assert run(token("TOKEN", 200)) == 0
    file = tmp_path / "token"
    file.write_text("good\n")
    monkeypatch.setenv("TOKEN", f"file:{file}")
    assert run(token("TOKEN", 200)) == 0
    assert capsys.readouterr().out == "status 200, as it should be\n" * 2


def test_another_token_is_not(
    server: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server
    monkeypatch.setenv("TOKEN", "canary-of-a-token")
    assert run(token("TOKEN", 200)) == 1
    assert run(token("", 401, 403)) == 0
    assert capsys.readouterr().out == "status 401, not as it should be\nstatus 401, as it should be\n"


@pytest.mark.parametrize("value", ["", "file:/no/such/file"])
def test_without_a_token_there_is_nothing_to_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("TOKEN", value)
    assert run(token("TOKEN", 200)) == NOTHING_TO_ASK
    assert "the stack has no token for its services" in capsys.readouterr().out


def test_a_server_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"URL": "https://127.0.0.1:1", "VO": "", "TOKEN": "good"}.items():
        monkeypatch.setenv(name, value)
    assert run(token("TOKEN", 200)) == 1
    assert capsys.readouterr().out == "status 0, not as it should be\n"
