"""What the API answers has its own type each time, and names what a person needs to go on."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from panda_infra.authority import make_authority
from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.errors import (
    KubernetesError,
    KubernetesNotAllowedError,
    KubernetesUnreachableError,
)
from panda_infra.errors import NoAnswerError, NotAllowedError, NotFoundError
from tests.support.api_server import TOKEN, Server

_NODES = "/api/v1/nodes"


def client(
    server: Server, cluster: Mapping[str, Any] | None = None, *, retries: bool = False
) -> KubernetesClient:
    target = server.target({"token": TOKEN}, **(cluster or {}))
    return KubernetesClient(target, patience=3, retries=retries)


def _chain(name: str) -> str:
    return make_authority("Other", now=datetime.now(UTC)).issue([name]).chain


def web_token(end: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(end.timestamp())}).encode()).decode().rstrip("=")
    return f"e30.{claims}.sig"


def test_content_and_no_such_thing(server: Server) -> None:
    api = client(server)
    assert api.call("GET", _NODES, query=[("limit", "1")]) == {"items": []}
    assert server.asked[0][1] == f"{_NODES}?limit=1"
    server.answers = [(404, {}), (404, {})]
    assert api.call("GET", _NODES, missing=True) is None
    with pytest.raises(NotFoundError, match=f"GET {_NODES}: the Kubernetes API answers 404 said 404"):
        api.call("GET", _NODES)


@pytest.mark.parametrize("status", [200, 404])
def test_what_no_api_server_says_is_no_answer_of_its(server: Server, status: int) -> None:
    server.answers, server.content = [(status, {})], b"404 page not found"
    with pytest.raises(KubernetesError, match="but no API server: check `server`") as reported:
        client(server).call("GET", _NODES, missing=True)
    assert not isinstance(reported.value, NotFoundError)
    # The same words for a path that an API server does not know, which has its own mark.
    server.answers = [(404, {"Audit-Id": "a"})]
    assert client(server).call("GET", "/apis/example.com/v1", missing=True) is None


def test_a_change_goes_under_the_programs_own_field_manager(server: Server) -> None:
    client(server).call("PATCH", _NODES, body={})
    method, path, headers = server.asked[0]
    assert (method, path) == ("PATCH", f"{_NODES}?fieldManager=panda-infra")
    assert headers["Content-Type"] == "application/merge-patch+json"


@pytest.mark.parametrize(
    ("token", "reported"),
    [
        (
            "opaque-canary",
            "the token of user u, context here, of ~/.kube/config, which has ended or was withdrawn",
        ),
        (web_token(datetime(2020, 1, 2, 3, 4, tzinfo=UTC)), "which ended on 2020-01-02 03:04 UTC"),
        (web_token(datetime(2099, 1, 2, tzinfo=UTC)), "(by itself valid until 2099-01-02 00:00 UTC)"),
    ],
)
def test_a_refused_credential_is_named_with_the_way_to_a_new_one(
    server: Server, token: str, reported: str
) -> None:
    with pytest.raises(NotAllowedError) as refused:
        KubernetesClient(server.target({"token": token})).call("GET", _NODES)
    text = str(refused.value)
    assert "answers 401" in text
    assert reported in text
    assert "Get a new one." in text
    assert token not in text


def test_a_right_that_is_missing_is_no_credential_that_ended(server: Server) -> None:
    server.answers = [(403, {})]
    with pytest.raises(KubernetesNotAllowedError) as refused:
        client(server).call("GET", _NODES)
    assert refused.value.status == 403
    assert "said 403" in str(refused.value)
    assert "ask the cluster's administrator for the right" in str(refused.value)


def test_failures_of_the_server_are_waited_out(server: Server) -> None:
    server.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    assert client(server, retries=True).call("GET", _NODES) == {"items": []}
    server.answers = [(503, {})]
    with pytest.raises(KubernetesError, match="answers 503") as failed:
        client(server).call("GET", _NODES)
    assert not isinstance(failed.value, NoAnswerError | NotAllowedError | NotFoundError)


def test_a_connection_is_used_again_and_made_anew_when_it_has_ended(server: Server) -> None:
    api = client(server)
    server.answers = [(200, {}), (200, {"Connection": "close"})]
    for _ in range(3):
        api.call("GET", _NODES)
    assert len(server.asked) == 3


def test_nobody_answers() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    silent = client(Server(port, _chain("localhost")))
    with pytest.raises(NoAnswerError, match=f"localhost:{port} cannot be reached"):
        silent.call("GET", _NODES)
    assert not silent.answers()


@pytest.fixture
def dead_end() -> Iterator[int]:
    """A port that takes connections and ends each of them, like a load balancer without a server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def work() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=work, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_load_balancer_without_a_server_is_no_answer(dead_end: int) -> None:
    api = client(Server(dead_end, _chain("localhost")))
    with pytest.raises(KubernetesUnreachableError):
        api.call("GET", _NODES)
    assert not api.answers()


def test_whoever_refuses_the_credential_answers(server: Server) -> None:
    assert KubernetesClient(server.target({"token": "unknown"})).answers()
    failing = {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "false"}}
    assert KubernetesClient(server.target(failing)).answers()


def test_a_server_of_another_authority_is_not_trusted_and_sees_no_token(server: Server) -> None:
    chain = _chain("localhost")
    other = client(server, {"certificate-authority-data": base64.b64encode(chain.encode()).decode()})
    with pytest.raises(KubernetesError, match="by a certificate that is not trusted"):
        other.call("GET", _NODES)
    assert server.asked == []


def test_a_server_may_go_by_another_name(server: Server) -> None:
    client(server, {"tls-server-name": "127.0.0.1"}).call("GET", _NODES)
    with pytest.raises(KubernetesError, match="not trusted"):
        client(server, {"tls-server-name": "other"}).call("GET", _NODES)


def test_a_certificate_that_the_server_refuses(server: Server) -> None:
    parts = make_authority("Other", now=datetime.now(UTC)).issue(["person"])
    pair = {
        f"client-{name}-data": base64.b64encode(text.encode()).decode()
        for name, text in (("certificate", parts.certificate), ("key", parts.key))
    }
    with pytest.raises(NotAllowedError, match="refuses the client certificate"):
        KubernetesClient(server.target(pair)).call("GET", _NODES)


def test_something_else_than_an_api(server: Server) -> None:
    with pytest.raises(KubernetesError) as reported:
        client(server, {"server": f"http://localhost:{server.port}"}).call("GET", _NODES)
    assert str(reported.value).startswith(
        f"GET {_NODES}: the Kubernetes API at http://localhost:{server.port}"
    )
