from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from testbed.consumers import outside
from testbed.consumers.sandbox import Sandbox


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


def connect(proxy: tuple[str, int], target: str) -> socket.socket:
    client = socket.create_connection(proxy, timeout=10)
    client.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return client


def proxy(addresses: dict[str, str]) -> tuple[str, int]:
    server = outside.serve("127.0.0.1", 0, outside.proxy(addresses))
    host, port = server.server_address[:2]
    return str(host), int(port)


def test_the_proxy_leads_to_hosts_outside(far: socket.socket) -> None:
    port = far.getsockname()[1]
    with connect(proxy({"iam.site.org": "127.0.0.1"}), f"iam.site.org:{port}") as client:
        assert client.recv(64).startswith(b"HTTP/1.0 200")
        server, _ = far.accept()
        with server:
            client.sendall(b"ping")
            assert server.recv(4) == b"ping"


def test_the_proxy_does_not_know_services(far: socket.socket) -> None:
    port = far.getsockname()[1]
    with connect(proxy({"iam-main": "127.0.0.1"}), f"iam-main:{port}") as client:
        assert client.recv(64).startswith(b"HTTP/1.0 502")


def test_a_host_of_a_service_stays_where_it_is() -> None:
    sandbox = Sandbox(None, [], [], {}, addresses={"iam-main": "127.77.0.1"})  # type: ignore[arg-type]
    assert outside.named(sandbox, "iam-main", "127.78.0.1") == "127.77.0.1"
    assert outside.named(sandbox, "iam.site.org", "127.78.0.1") == "127.78.0.1"
    assert sandbox.addresses["iam.site.org"] == "127.78.0.1"
