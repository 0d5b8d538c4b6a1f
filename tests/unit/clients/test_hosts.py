"""Hosts as this machine sees them, by HTTPS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from typing_extensions import override

from panda_infra.authority import HostCertificate, make_authority
from panda_infra.clients.hosts import HostError, HostsByHttps
from tests.support.serving import serving

_SECONDS = 5


class _Teapot(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(418)
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def issued() -> HostCertificate:
    return make_authority("Site CA", now=datetime.now(UTC)).issue(["localhost"])


@pytest.fixture
def port(tmp_path: Path, issued: HostCertificate) -> Iterator[int]:
    file = tmp_path / "server.pem"
    file.write_text(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with serving(_Teapot, context) as found:
        yield found


def test_a_host_with_the_certificate_of_the_stack(port: int, issued: HostCertificate) -> None:
    for trusted in (issued.certificate, issued.chain):
        seen = HostsByHttps().ask("localhost", trusted, _SECONDS, port=port)
        assert seen.status == 418
        assert seen.ends > datetime.now(UTC) + timedelta(days=1)


def test_another_certificate_is_not_trusted(port: int) -> None:
    other = make_authority("Other", now=datetime.now(UTC)).issue(["localhost"])
    for trusted in (other.chain, ""):
        with pytest.raises(HostError, match="shows a certificate that is not the stack's"):
            HostsByHttps().ask("localhost", trusted, _SECONDS, port=port)


def test_a_host_that_does_not_answer() -> None:
    with pytest.raises(HostError, match=r"localhost:1 does not answer \(Connection refused\)"):
        HostsByHttps().ask("localhost", "", _SECONDS, port=1)


def test_a_host_without_an_address() -> None:
    with pytest.raises(HostError, match=r"no\.such\.host\.invalid has no address in this machine's DNS"):
        HostsByHttps().ask("no.such.host.invalid", "", _SECONDS)
