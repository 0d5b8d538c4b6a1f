"""A client of STOMP in a few lines: what a test of a broker sends and receives."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from types import TracebackType


class RefusedError(Exception):
    """The broker answered with an ERROR frame."""


class Stomp:
    """One connection, logged in."""

    def __init__(self, connection: socket.socket, login: str, password: str) -> None:
        self._socket = connection
        self._rest = b""
        try:
            self.send("CONNECT", {"accept-version": "1.1", "host": "/", "login": login, "passcode": password})
            self.expect("CONNECTED")
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Stomp:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def subscribe(self, destination: str) -> None:
        """Returns once the broker has taken the subscription."""
        self.send("SUBSCRIBE", {"id": "1", "destination": destination, "receipt": "1"})
        self.expect("RECEIPT")

    def publish(self, destination: str, body: str) -> None:
        """Returns once the broker has taken the message."""
        self.send("SEND", {"destination": destination, "receipt": "2"}, body)
        self.expect("RECEIPT")

    def receive(self) -> str:
        """The body of the next message."""
        return self.expect("MESSAGE")

    def send(self, command: str, headers: Mapping[str, str], body: str = "") -> None:
        lines = [command, *(f"{name}:{value}" for name, value in headers.items())]
        self._socket.sendall(("\n".join(lines) + "\n\n" + body + "\0").encode())

    def expect(self, command: str) -> str:
        """The body of the next frame, which must be of this kind."""
        while b"\0" not in self._rest:
            block = self._socket.recv(1 << 16)
            if not block:
                raise ConnectionError("the broker has closed the connection")
            self._rest += block
        frame, self._rest = self._rest.split(b"\0", 1)
        head, _, body = frame.decode().lstrip("\n").partition("\n\n")
        kind = head.split("\n", 1)[0]
        if kind == "ERROR":
            raise RefusedError(head)
        assert kind == command, head
        return body
