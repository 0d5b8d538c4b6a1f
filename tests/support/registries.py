"""Registries with a log-in: the real one with a password file, and a front of it that gives tokens as Harbor does."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from typing_extensions import override

from panda_infra.authority import make_authority
from testbed import charts, executables, ports, registry, waiting
from tests.support.serving import serving

__all__ = ["PASSWORD", "USER", "LoginRegistry", "log_in", "login_registry", "plain_registry", "push"]

USER, PASSWORD = "chartreader", "made-up-pass-1"
_HTPASSWD = f"{USER}:$2b$04$f7pH674xJ.GGMSz9yAvKFeZYJwOVl6R07XnCaqP27rosUFmh803Y2\n"
_BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
_TOKEN = "made-up-token"
# Of this machine, but by TLS: to 127.0.0.1 registries are spoken to without.
_HOST = "127.0.0.2"


@dataclass(frozen=True)
class LoginRegistry:
    """Hosts with ports: ``basic`` demands user and password, ``bearer`` a token for them; ``authority`` is a file."""

    basic: str
    bearer: str
    authority: Path

    def environment(self, home: Path) -> dict[str, str]:
        """For Helm and the engine: whom to trust, and where log-ins and charts are kept."""
        return {"SSL_CERT_FILE": str(self.authority), **charts.helm_homes(home)}


@contextmanager
def login_registry(folder: Path) -> Iterator[LoginRegistry]:
    """Both, until the end of the context; ``folder`` takes what they store."""
    parts = make_authority("Registries", now=datetime.now(UTC)).issue([_HOST])
    certificate, key, authority = (folder / name for name in ("tls.crt", "tls.key", "ca.pem"))
    certificate.write_text(parts.certificate)
    key.write_text(parts.key)
    authority.write_text(parts.chain)
    (folder / "htpasswd").write_text(_HTPASSWD)
    (port,) = ports.free(1)
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": f"{_HOST}:{port}", "tls": {"certificate": str(certificate), "key": str(key)}},
        "auth": {"htpasswd": {"realm": "Site Registry", "path": str(folder / "htpasswd")}},
    }
    file = folder / "registry.json"  # YAML to the registry
    file.write_text(json.dumps(settings))
    inside = ssl.create_default_context(cafile=str(authority))
    outside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    outside.load_cert_chain(certificate, key)

    class Handler(_TokenFront):
        """Of this registry."""

    Handler.inner, Handler.inside = port, inside
    with (folder / "registry.log").open("wb") as log:
        server = subprocess.Popen([executables.locate()["registry"], "serve", file], stdout=log, stderr=log)
    try:
        waiting.until(lambda: _serves(port, inside), "the registry getting ready", 30)
        with serving(Handler, outside, host=_HOST) as Handler.port:
            yield LoginRegistry(f"{_HOST}:{port}", f"{_HOST}:{Handler.port}", authority)
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def plain_registry(folder: Path) -> Iterator[str]:
    """The real registry without a log-in, as a bed has it, until the end of the context: its host and port."""
    (port,) = ports.free(1)
    file = registry.configure(folder, port)
    with (folder / "registry.log").open("wb") as log:
        server = subprocess.Popen([executables.locate()["registry"], "serve", file], stdout=log, stderr=log)
    try:
        waiting.until(lambda: registry.answers(f"{ports.HOST}:{port}"), "the registry getting ready", 30)
        yield f"{ports.HOST}:{port}"
    finally:
        server.terminate()
        server.wait(10)


def log_in(host: str, environment: Mapping[str, str], password: str = PASSWORD) -> None:
    """As a person does it."""
    _helm(environment, "registry", "login", host, "--username", USER, "--password-stdin", stdin=password)


def push(chart: Path, version: str, repository: str, environment: Mapping[str, str], scratch: Path) -> None:
    """Publish a chart in a version; Helm must be logged in."""
    _helm(environment, "package", str(chart), "--version", version, "--destination", str(scratch))
    (archive,) = scratch.glob("*.tgz")
    _helm(environment, "push", str(archive), repository)


def _helm(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> None:
    helm = executables.locate()["helm"]
    done = subprocess.run(
        [helm, *arguments], env=dict(environment), input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _serves(port: int, context: ssl.SSLContext) -> bool:
    try:
        connection = http.client.HTTPSConnection(_HOST, port, context=context, timeout=2)
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 401
    except OSError:
        return False


class _TokenFront(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port: int
    inner: int
    inside: ssl.SSLContext

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def _serve(self) -> None:
        authorization = self.headers.get("Authorization")
        if self.path.startswith("/token"):
            known = authorization == _BASIC
            self._answer(200 if known else 401, {}, json.dumps({"token": _TOKEN} if known else {}).encode())
        elif authorization != f"Bearer {_TOKEN}":
            realm = f'realm="https://{_HOST}:{self.port}/token",service="site",scope="repository:charts:pull"'
            self._answer(401, {"WWW-Authenticate": f"Bearer {realm}"}, b"{}")
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        connection = http.client.HTTPSConnection(_HOST, self.inner, context=self.inside)
        headers = {"Accept": self.headers.get("Accept", "*/*"), "Authorization": _BASIC}
        connection.request(self.command, self.path, headers=headers)
        response = connection.getresponse()
        kept = ("content-type", "docker-content-digest", "content-length")
        self._answer(
            response.status,
            {name: value for name, value in response.getheaders() if name.lower() in kept},
            response.read(),
        )
        connection.close()

    def _answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = _serve  # noqa: N815 - the base class's names
