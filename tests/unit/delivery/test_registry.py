"""What a registry is asked, whom it may send elsewhere, and who gets to see a log-in."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typing_extensions import override

from panda_infra.config.delivery import OciCharts
from panda_infra.delivery.charts import check_charts
from panda_infra.delivery.registry import _tls, manifest
from panda_infra.plan.model import Chart
from panda_infra.secrets.certificates import make_authority
from tests.support.serving import serving

_DIGEST = "sha256:" + "1" * 64
_CANARY = "canary-token"
_MANIFEST = "/v2/charts/panda/manifests/0.1.1"


@dataclass
class Registry:
    """Answers by ``respond``: status and headers for a path and what authorizes."""

    respond: Callable[[str, str | None], tuple[int, dict[str, str]]]
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    port: int = 0

    @property
    def repository(self) -> str:
        return f"oci://127.0.0.1:{self.port}/charts"


@contextmanager
def answering(registry: Registry) -> Iterator[Registry]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            authorization = self.headers["Authorization"]
            registry.asked.append((self.command, self.path, authorization))
            status, headers = registry.respond(self.path, authorization)
            body = json.dumps({"token": _CANARY}).encode() if self.path.startswith("/token") else b""
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD  # noqa: N815 - as the standard library calls it

        @override
        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as registry.port:
        yield registry


def has_the_chart(path: str, _: str | None) -> tuple[int, dict[str, str]]:
    return (200, {"Docker-Content-Digest": _DIGEST}) if path == _MANIFEST else (404, {})


def problem(repository: str, chart: Chart = Chart("panda", "0.1.1")) -> str | None:  # noqa: B008 - frozen
    found = check_charts(OciCharts(repository=repository), [chart])
    return f"{found[0].where}: {found[0].what}" if found else None


def test_a_chart_that_is_there() -> None:
    with answering(Registry(has_the_chart)) as registry:
        assert problem(registry.repository) is None
        assert problem(registry.repository, Chart("panda", "0.1.1", digest=_DIGEST)) is None
        assert {command for command, *_ in registry.asked} == {"HEAD"}


def test_a_version_that_is_not_there_and_one_that_was_overwritten() -> None:
    with answering(Registry(has_the_chart)) as registry:
        absent = problem(registry.repository, Chart("panda", "9.9.9"))
        other = problem(registry.repository, Chart("panda", "0.1.1", digest="sha256:" + "0" * 64))
    assert (absent or "").startswith("components.panda.chart.version: ")
    assert (other or "").startswith("components.panda.chart.digest: ")


def test_a_registry_that_fails() -> None:
    with answering(Registry(lambda *_: (500, {}))) as registry:
        assert "answers 500" in (problem(registry.repository) or "")


def test_a_registry_that_is_none() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"SSH-2.0-hello\r\n")

        threading.Thread(target=greet, daemon=True).start()
        told = problem(f"oci://127.0.0.1:{server.getsockname()[1]}/charts")
    assert "cannot be asked (ConnectionError)" in (told or "")


def test_an_address_that_is_none() -> None:
    assert "cannot be asked" in (problem("oci://registry.example.org:port/charts") or "")


@pytest.mark.parametrize("folder", [False, True])
def test_a_bundle_adds_to_the_authorities_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, folder: bool
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    machine = _tls().cert_store_stats()["x509_ca"]
    bundle = tmp_path / "site.pem"
    bundle.write_text(make_authority("Site", now=datetime.now(UTC)).issue(["registry.test"]).chain)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path if folder else bundle))
    # Those of a folder are read when one is asked for.
    assert _tls().cert_store_stats()["x509_ca"] == machine + (0 if folder else 1)


def test_a_registry_that_demands_a_token_gets_one() -> None:
    def respond(path: str, authorization: str | None) -> tuple[int, dict[str, str]]:
        if path.startswith("/token"):
            return 200, {"Content-Type": "application/json"}
        if authorization == f"Bearer {_CANARY}":
            return has_the_chart(path, None)
        realm = f"http://127.0.0.1:{registry.port}/token"
        return 401, {"Www-Authenticate": f'Bearer realm="{realm}",service="here",scope="pull"'}

    with answering(Registry(respond)) as registry:
        assert problem(registry.repository) is None


def test_a_registry_that_demands_a_log_in_which_nobody_made() -> None:
    with answering(Registry(lambda *_: (401, {}))) as registry:
        assert "answers 401" in (problem(registry.repository) or "")


def test_a_redirection_is_followed_without_what_authorizes() -> None:
    def respond(path: str, authorization: str | None) -> tuple[int, dict[str, str]]:
        if path.startswith("/token"):
            return 200, {"Content-Type": "application/json"}
        if authorization:
            return 307, {"Location": f"http://127.0.0.1:{elsewhere.port}{path}"}
        realm = f"http://127.0.0.1:{registry.port}/token"
        return 401, {"Www-Authenticate": f'Bearer realm="{realm}",service="here",scope="pull"'}

    with answering(Registry(has_the_chart)) as elsewhere, answering(Registry(respond)) as registry:
        answer = manifest(registry.repository, "panda", "0.1.1")
    assert answer.digest == _DIGEST
    assert elsewhere.asked == [("HEAD", _MANIFEST, None)]
