import socket

import pytest

from testbed import ports


def test_ports_are_different_and_free() -> None:
    found = ports.free(20)
    assert len(set(found)) == 20
    for port in found:
        with socket.socket() as server:
            server.bind((ports.HOST, port))


def test_ports_are_never_given_to_outgoing_connections() -> None:
    first = int(ports._EPHEMERAL.read_text().split()[0])
    assert max(ports.free(20)) < first


def test_a_port_in_use_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        taken = server.getsockname()[1]
        free = ports.free(1)[0]
        monkeypatch.setattr("random.sample", lambda *_: [taken, free])
        assert ports.free(1) == [free]
