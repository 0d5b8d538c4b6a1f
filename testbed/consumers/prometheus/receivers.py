"""A webhook and a mail server that keep what they get."""

from __future__ import annotations

import base64
import http.server
import json
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

__all__ = ["Received", "listen"]


@dataclass
class Received:
    """The messages that have arrived: states of alerts by their names, texts of mails, log-ins at the mail server."""

    posted: list[tuple[str, str]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    mails: list[str] = field(default_factory=list)
    logins: set[str] = field(default_factory=set)

    def was_posted(self, alert: str, state: str) -> bool:
        """True if the webhook got the alert in this state."""
        return (alert, state) in self.posted

    def was_mailed(self, *words: str) -> bool:
        """True if a mail has all these words."""
        return any(all(word in mail for word in words) for mail in self.mails)


def listen(webhook: tuple[str, int], mail: tuple[str, int]) -> Received:
    """Start both at their addresses; they run until this process ends."""
    received = Received()
    for server in (
        http.server.ThreadingHTTPServer(webhook, _webhook(received)),
        socketserver.ThreadingTCPServer(mail, _mail(received)),
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return received


def _webhook(received: Received) -> type[http.server.BaseHTTPRequestHandler]:
    class Webhook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.paths.add(self.path)
            received.posted += [(each["labels"]["alertname"], each["status"]) for each in told["alerts"]]
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, *words: object) -> None: ...

    return Webhook


def _mail(received: Received) -> type[socketserver.StreamRequestHandler]:
    class Mail(socketserver.StreamRequestHandler):
        """As much of SMTP as Alertmanager speaks."""

        @override
        def handle(self) -> None:
            self._say("220 test")
            while line := self.rfile.readline().decode().strip():
                match line.split()[0].upper():
                    case "EHLO":
                        self._say("250-test")
                        self._say("250 AUTH PLAIN")
                    case "AUTH":
                        received.logins.add(base64.b64decode(line.split()[2]).decode())
                        self._say("235 welcome")
                    case "DATA":
                        self._say("354 go on")
                        received.mails.append(self._text())
                        self._say("250 taken")
                    case "QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 ok")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def _text(self) -> str:
            lines: list[str] = []
            while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
                lines.append(line)
            return "".join(lines)

    return Mail
