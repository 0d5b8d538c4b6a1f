"""The gateway between two names for the loopback address: what is inside is elsewhere only by its namespace."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testbed import ports, waiting
from testbed.ports import HOST
from testbed.real import gateway, network


class Here(network.Inside):
    def __init__(self) -> None:
        pass

    @contextmanager
    def entered(self) -> Iterator[None]:
        yield


class Echo(threading.Thread):
    """Answers one connection with what it hears, until the other side ends its part."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self.start()

    def run(self) -> None:
        connection, _ = self._listening.accept()
        with connection, self._listening:
            while block := connection.recv(1 << 16):
                connection.sendall(block)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def served(tmp_path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, int]]:
    """The UNIX socket, and a port of the gateway that leads to the echo."""
    monkeypatch.setattr(network, "GATEWAY", HOST)
    path = tmp_path / "s"
    port, proxy = ports.free(2)
    monkeypatch.setattr(network, "PROXY_PORT", proxy)
    loop = asyncio.new_event_loop()
    task = loop.create_task(gateway.serve(path, Here(), {port: echo.port}, outwards=True))
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    )
    thread.start()

    # The ports are listened on before the socket's first request is answered.
    waiting.until(lambda: path.exists() and _refuses(path), "the gateway", 10)
    yield path, port
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)
    loop.close()


def _refuses(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except ConnectionRefusedError:  # the socket has its name before anybody listens
            return False
        return heard(connection, b"NONE \r\n\r\n").startswith(b"HTTP/1.1 502")


def heard(connection: socket.socket, text: bytes) -> bytes:
    with connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_who_asks_by_the_socket_is_connected(served: tuple[Path, int], echo: Echo) -> None:
    text = b"x" * 3_000_000
    done = heard_in_parts(gateway.dial(served[0], HOST, echo.port), text)
    assert done == text


def heard_in_parts(connection: socket.socket, text: bytes) -> bytes:
    """As ``heard``, for more than the buffers between hold."""

    def say() -> None:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)

    writer = threading.Thread(target=say)
    writer.start()
    with connection:
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        writer.join()
    return answer


def test_where_nothing_listens_that_is_said(served: tuple[Path, int]) -> None:
    [port] = ports.free(1)
    with pytest.raises(ConnectionError, match=rf"{HOST}:{port}: HTTP/1.1 502 ConnectionRefusedError"):
        gateway.dial(served[0], HOST, port)


def test_what_is_no_request_is_refused(served: tuple[Path, int]) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(served[0]))
        assert heard(connection, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 502 ValueError")


def test_a_port_of_the_gateway_leads_to_the_loopback_address(served: tuple[Path, int]) -> None:
    assert heard(socket.create_connection((HOST, served[1]), 10), b"hello") == b"hello"


def test_nodes_reach_what_the_machine_reaches_by_asking(served: tuple[Path, int], echo: Echo) -> None:
    assert served[0].exists()
    with socket.create_connection((HOST, network.PROXY_PORT), 10) as connection:
        connection.sendall(f"CONNECT localhost:{echo.port} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(1 << 10) == b"HTTP/1.1 200 OK\r\n\r\n"
        assert heard(connection, b"image") == b"image"
