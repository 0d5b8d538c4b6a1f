"""An API server answers the same, however a kubeconfig carries its credentials."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typing_extensions import override

from panda_infra.cluster.api_access import answer, target
from panda_infra.secrets.certificates import make_authority
from tests.support.serving import serving

_TOKEN = "canary"


class Handler(http.server.BaseHTTPRequestHandler):
    """Lets in who has the token."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.headers["Authorization"] == f"Bearer {_TOKEN}"
        known = known and self.path.endswith("/selfsubjectaccessreviews")
        known = known and body["kind"] == "SelfSubjectAccessReview"
        self.send_response(201 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body | {"status": {"allowed": False}}).encode() if known else b"no")

    @override
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The cluster entry of a kubeconfig."""
    parts = make_authority("Test", now=datetime.now(UTC)).issue(["127.0.0.1", "localhost"])
    pem = tmp_path / "server.pem"
    pem.write_text(parts.certificate + parts.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with serving(Handler, context) as port:
        yield {
            "server": f"https://localhost:{port}",
            "certificate-authority-data": base64.b64encode(parts.chain.encode()).decode(),
        }


def in_file(folder: Path, token: str) -> dict[str, Any]:
    (folder / "token").write_text(token)
    return {"tokenFile": str(folder / "token")}


def by_plugin(folder: Path, token: str) -> dict[str, Any]:
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    program = folder / "plugin.py"
    program.write_text(f"print({json.dumps(credential)!r})")
    command = {"command": sys.executable, "args": [str(program)], "interactiveMode": "Never"}
    return {"exec": {"apiVersion": credential["apiVersion"], **command}}


def embedded(_: Path, token: str) -> dict[str, Any]:
    return {"token": token}


def kubeconfig(cluster: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    }


@pytest.mark.parametrize(("token", "status"), [(_TOKEN, 201), ("another", 401)])
@pytest.mark.parametrize("credentials", [embedded, in_file, by_plugin])
def test_the_answer(
    server: dict[str, Any], tmp_path: Path, credentials: Any, token: str, status: int
) -> None:
    document = kubeconfig(server, credentials(tmp_path, token))
    assert answer(target(document, None), yaml.safe_dump(document), None)[0] == status


def test_a_server_of_another_authority_is_not_trusted(server: dict[str, Any]) -> None:
    chain = make_authority("Other", now=datetime.now(UTC)).issue(["localhost"]).chain
    other = server | {"certificate-authority-data": base64.b64encode(chain.encode()).decode()}
    document = kubeconfig(other, {"token": _TOKEN})
    with pytest.raises(ssl.SSLError):
        answer(target(document, None), yaml.safe_dump(document), None)


def test_a_server_may_go_by_another_name(server: dict[str, Any]) -> None:
    document = kubeconfig(server | {"tls-server-name": "127.0.0.1"}, {"token": _TOKEN})
    assert answer(target(document, None), yaml.safe_dump(document), None)[0] == 201
    document = kubeconfig(server | {"tls-server-name": "other"}, {"token": _TOKEN})
    with pytest.raises(ssl.SSLError):
        answer(target(document, None), yaml.safe_dump(document), None)
