"""An HTTP proxy and a SOCKS 5 server for which every host name leads to this machine."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["connect_proxy", "socks_server"]

_HERE = "127.0.0.1"


@contextmanager
def connect_proxy(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[str]]]:
    """The port of an HTTP proxy, itself behind TLS if a context is given, and the addresses that it was asked for."""
    asked: list[str] = []

    def serve(client: socket.socket) -> None:
        client = context.wrap_socket(client, server_side=True) if context else client
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        address = head.split()[1].decode()
        asked.append(address)
        server = socket.create_connection((_HERE, int(address.rpartition(":")[2])))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        _join(client, server)

    with _listening(serve) as port:
        yield port, asked


@contextmanager
def socks_server() -> Iterator[tuple[int, list[str]]]:
    """The port of a SOCKS 5 server without log-in, and the addresses that it was asked for."""
    asked: list[str] = []

    def serve(client: socket.socket) -> None:
        client.recv(client.recv(2)[1])
        client.sendall(b"\5\0")
        kind = client.recv(4)[3]
        host = client.recv(client.recv(1)[0]).decode() if kind == 3 else socket.inet_ntoa(client.recv(4))
        (port,) = struct.unpack(">H", client.recv(2))
        asked.append(f"{host}:{port}")
        server = socket.create_connection((_HERE, port))
        client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        _join(client, server)

    with _listening(serve) as port:
        yield port, asked


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.create_server((_HERE, 0)) as listener:

        def one(client: socket.socket) -> None:
            with suppress(OSError, IndexError):
                serve(client)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _join(client: socket.socket, server: socket.socket) -> None:
    threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
    _pass_on(client, server)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
