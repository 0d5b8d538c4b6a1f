"""What a registry is asked, whom it may send elsewhere, and who gets to see a log-in."""

from __future__ import annotations

import base64
import http.server
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typing_extensions import override

from panda_infra.authority import make_authority
from panda_infra.clients.registry import manifests
from panda_infra.clients.registry.login import RegistryNotFoundError
from panda_infra.clients.registry.manifests import chart_digest, image_digest
from panda_infra.clients.registry.transport import _tls
from panda_infra.config.charts import OciCharts
from panda_infra.delivery.charts import check_charts
from panda_infra.plan.model import Chart
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
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

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
        reported = problem(f"oci://127.0.0.1:{server.getsockname()[1]}/charts")
    assert "answers something else than HTTP" in (reported or "")


def test_an_address_that_is_none() -> None:
    assert "has no such address" in (problem("oci://registry.example.org:port/charts") or "")


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


def demanding(challenge: str, accepted: str) -> Callable[[str, str | None], tuple[int, dict[str, str]]]:
    def respond(path: str, authorization: str | None) -> tuple[int, dict[str, str]]:
        if authorization == accepted:
            return has_the_chart(path, None)
        return 401, {"Www-Authenticate": challenge}

    return respond


def basic(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any log-in."""
    for name in ("HELM_REGISTRY_CONFIG", "HELM_CONFIG_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def store(file: Path, document: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))


HELM, DOCKER = ".config/helm/registry/config.json", ".docker/config.json"
_GOOD = basic("reader", "hunter2")
_BASIC = 'Basic realm="Site Registry"'


@pytest.mark.parametrize("file", [HELM, DOCKER])
def test_a_basic_challenge_is_answered_by_the_log_in_of_helm_or_docker(home: Path, file: str) -> None:
    with answering(Registry(demanding(_BASIC, f"Basic {_GOOD}"))) as registry:
        store(home / file, {"auths": {registry.host: {"auth": _GOOD}}})
        assert problem(registry.repository) is None
        store(
            home / file,
            {"auths": {f"https://{registry.host}/v2/": {"username": "reader", "password": "hunter2"}}},
        )
        assert problem(registry.repository) is None


def test_helms_own_log_in_comes_before_dockers(home: Path) -> None:
    with answering(Registry(demanding(_BASIC, f"Basic {_GOOD}"))) as registry:
        store(home / DOCKER, {"auths": {registry.host: {"auth": basic("other", "x")}}})
        store(home / HELM, {"auths": {registry.host: {"auth": _GOOD}}})
        assert problem(registry.repository) is None


@pytest.mark.parametrize("variable", ["HELM_REGISTRY_CONFIG", "PULUMI_K8S_HELM_REGISTRY_CONFIG_PATH"])
def test_the_file_may_lie_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with answering(Registry(demanding(_BASIC, f"Basic {_GOOD}"))) as registry:
        store(home / "logins.json", {"auths": {registry.host: {"auth": _GOOD}}})
        monkeypatch.setenv(variable, str(home / "logins.json"))
        assert problem(registry.repository) is None


@pytest.mark.parametrize("key", ["credHelpers", "credsStore"])
def test_a_helper_holds_the_log_in(home: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    helper = home / "bin" / "docker-credential-site"
    helper.parent.mkdir()
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    with answering(Registry(demanding(_BASIC, f"Basic {_GOOD}"))) as registry:
        store(home / HELM, {key: {registry.host: "site"} if key == "credHelpers" else "site"})
        reported = problem(registry.repository)
        assert "docker-credential-site, which is not on PATH: install it" in (reported or "")
        helper.write_text('#!/bin/sh\necho "the keychain is locked" >&2\nexit 1\n')
        helper.chmod(0o755)
        assert "which fails: the keychain is locked" in (problem(registry.repository) or "")
        answer = json.dumps({"ServerURL": registry.host, "Username": "reader", "Secret": "hunter2"})
        helper.write_text(f"#!/bin/sh\ngrep -qx {registry.host} || exit 1\necho '{answer}'\n")
        assert problem(registry.repository) is None


def test_a_log_in_that_nobody_made_and_one_that_is_refused(home: Path) -> None:
    with answering(Registry(demanding(_BASIC, f"Basic {_GOOD}"))) as registry:
        absent = problem(registry.repository) or ""
        assert "nobody is logged in there" in absent
        assert str(home / HELM) in absent
        assert str(home / DOCKER) in absent
        store(home / HELM, {"auths": {registry.host: {"auth": basic("reader", "wrong-canary")}}})
        refused = problem(registry.repository) or ""
    assert f"it refuses the log-in of user reader, from {home / HELM}" in refused
    assert "canary" not in refused


def test_a_token_is_asked_for_with_the_log_in(home: Path) -> None:
    def respond(path: str, authorization: str | None) -> tuple[int, dict[str, str]]:
        if path.startswith("/token"):
            return (200 if authorization == f"Basic {_GOOD}" else 401), {}
        challenge = f'Bearer realm="http://{registry.host}/token",service="here"'
        return demanding(challenge, f"Bearer {_CANARY}")(path, authorization)

    with answering(Registry(respond)) as registry:
        assert "gives no token (HTTP 401), and nobody is logged in there" in (
            problem(registry.repository) or ""
        )
        store(home / HELM, {"auths": {registry.host: {"auth": _GOOD}}})
        assert problem(registry.repository) is None
        asked = [path for _, path, _ in registry.asked if path.startswith("/token")][-1]
    assert asked == "/token?service=here&scope=repository%3Acharts%2Fpanda%3Apull"


def test_a_file_that_is_none(home: Path) -> None:
    with answering(Registry(demanding(_BASIC, ""))) as registry:
        (home / ".docker").mkdir()
        (home / DOCKER).write_text("{")
        assert f"{home / DOCKER} is no file of log-ins" in (problem(registry.repository) or "")


def test_the_plus_of_a_version_is_an_underscore_in_its_tag() -> None:
    def respond(path: str, _: str | None) -> tuple[int, dict[str, str]]:
        return (200 if path == "/v2/charts/panda/manifests/0.1.0_cern.3" else 404), {}

    with answering(Registry(respond)) as registry:
        assert problem(registry.repository, Chart("panda", "0.1.0+cern.3")) is None


def test_a_redirection_is_followed_without_what_authorizes() -> None:
    def respond(path: str, authorization: str | None) -> tuple[int, dict[str, str]]:
        if path.startswith("/token"):
            return 200, {"Content-Type": "application/json"}
        if authorization:
            return 307, {"Location": f"http://127.0.0.1:{elsewhere.port}{path}"}
        realm = f"http://127.0.0.1:{registry.port}/token"
        return 401, {"Www-Authenticate": f'Bearer realm="{realm}",service="here",scope="pull"'}

    with answering(Registry(has_the_chart)) as elsewhere, answering(Registry(respond)) as registry:
        assert chart_digest(registry.repository, "panda", "0.1.1") == _DIGEST
    assert elsewhere.asked == [("HEAD", _MANIFEST, None)]


def test_a_challenge_of_another_host_gets_no_log_in(home: Path) -> None:
    def lead_away(path: str, _: str | None) -> tuple[int, dict[str, str]]:
        return 307, {"Location": f"http://127.0.0.1:{elsewhere.port}{path}"}

    def ask(*_: object) -> tuple[int, dict[str, str]]:
        realm = f"http://127.0.0.1:{elsewhere.port}/token"
        return 401, {"Www-Authenticate": f'Bearer realm="{realm}",service="here"'}

    with answering(Registry(ask)) as elsewhere, answering(Registry(lead_away)) as registry:
        store(home / HELM, {"auths": {registry.host: {"auth": _GOOD}}})
        assert "answers 401" in (problem(registry.repository) or "")
    assert elsewhere.asked == [("HEAD", _MANIFEST, None)]


def has_the_image(path: str, _: str | None) -> tuple[int, dict[str, str]]:
    return (200, {"Docker-Content-Digest": _DIGEST}) if path == "/v2/a/server/manifests/1.0" else (404, {})


def test_an_image_is_asked_for_by_its_registry() -> None:
    with answering(Registry(has_the_image)) as registry:
        assert image_digest(f"{registry.host}/a/server", "1.0") == _DIGEST
        with pytest.raises(RegistryNotFoundError, match=r"a/server has no tag 2\.0"):
            image_digest(f"{registry.host}/a/server", "2.0")


@pytest.mark.parametrize(
    ("repository", "host", "name"),
    [
        ("postgres", "registry-1.docker.io", "library/postgres"),
        ("apache/activemq-classic", "registry-1.docker.io", "apache/activemq-classic"),
        ("docker.io/rucio/rucio-server", "registry-1.docker.io", "rucio/rucio-server"),
        ("ghcr.io/pandawms/panda-server", "ghcr.io", "pandawms/panda-server"),
        ("localhost/a", "localhost", "a"),
        ("registry.site.org:5000/cache/a/b", "registry.site.org:5000", "cache/a/b"),
    ],
)
def test_names_mean_what_container_runtimes_read(
    repository: str, host: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "_digest", lambda *words: " ".join(words[:3]))
    assert image_digest(repository, "1") == f"{host} {name} 1"
