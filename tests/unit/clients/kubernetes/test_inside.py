"""Answers of Services and commands in pods, by way of an API server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.inside import Answer, Ended, InsideByApi
from panda_infra.clients.kubernetes.kubeconfig import choose
from tests.support.api_server import HERE, TOKEN, Server, kubeconfig
from tests.support.exec_server import Commands, exec_server, status_of

_SECONDS = 5


@pytest.fixture
def commands() -> Iterator[Commands]:
    with exec_server() as made:
        yield made


def by_api(commands: Commands) -> InsideByApi:
    cluster = {"server": f"http://127.0.0.1:{commands.port}"}
    return InsideByApi(choose(kubeconfig(cluster, {}), None, HERE), "panda")


def run(commands: Commands, stdin: str = "", seconds: float = _SECONDS) -> Ended:
    return by_api(commands).run("pod-0", "main", ("sh", "-c", "echo a b"), stdin=stdin, seconds=seconds)


def test_a_service_answers(server: Server) -> None:
    server.content, server.answers = b'{"success": true}', [(200, {}), (401, {})]
    inside = InsideByApi(server.target({"token": TOKEN}), "panda")
    found = inside.answer("panda-server", 443, "/alive", secure=True, seconds=_SECONDS)
    assert found == Answer(200, '{"success": true}')
    ((method, path, headers),) = server.asked
    assert (method, path) == (
        "GET",
        "/api/v1/namespaces/panda/services/https:panda-server:443/proxy/alive",
    )
    assert (headers["Accept"], headers["Authorization"]) == ("application/json", f"Bearer {TOKEN}")
    # Another status is an answer of the Service too.
    assert inside.answer("panda-server", 80, "/alive", secure=False, seconds=_SECONDS).status == 401
    assert "/services/http:panda-server:80/" in server.asked[1][1]


@pytest.mark.parametrize(("status", "kind"), [(403, KubernetesNotAllowedError), (503, KubernetesError)])
def test_what_the_api_server_itself_answers_is_an_error(
    server: Server, status: int, kind: type[KubernetesError]
) -> None:
    content = {"kind": "Status", "apiVersion": "v1", "message": "no endpoints available"}
    server.content, server.answers = json.dumps(content).encode(), [(status, {})]
    inside = InsideByApi(server.target({"token": TOKEN}), "panda")
    with pytest.raises(kind, match="Service panda-server, port 443: no endpoints available") as told:
        inside.answer("panda-server", 443, "/alive", secure=True, seconds=_SECONDS)
    assert told.value.status == status
    assert isinstance(told.value, KubernetesNotAllowedError) is (status == 403)


def test_a_command_prints_and_ends(commands: Commands) -> None:
    commands.frames = [(1, b"out\n"), (2, b"err\n"), (1, b"more"), status_of(0)]
    assert run(commands) == Ended(0, "out\nerr\nmore")
    assert commands.path == "/api/v1/namespaces/panda/pods/pod-0/exec"
    assert [value for key, value in commands.asked if key == "command"] == ["sh", "-c", "echo a b"]
    assert {("container", "main"), ("stdout", "true"), ("stderr", "true")} <= set(commands.asked)
    assert ("stdin", "true") not in commands.asked


def test_the_exit_code_of_a_command(commands: Commands) -> None:
    commands.frames = [status_of(77)]
    assert run(commands) == Ended(77, "")


@pytest.mark.parametrize("text", ["{}\n", "x" * 300 + "\n"])
def test_standard_input_is_no_argument(commands: Commands, text: str) -> None:
    commands.frames = [status_of(0)]
    assert run(commands, stdin=text).code == 0
    assert commands.stdin == b"\0" + text.encode()
    assert text not in str(commands.asked)


def test_a_refusal_is_told_in_the_words_of_the_api(commands: Commands) -> None:
    commands.refusal = (403, "pods is forbidden")
    with pytest.raises(KubernetesNotAllowedError, match="a command in pod pod-0: pods is forbidden"):
        run(commands)
    commands.refusal = (500, "dialing backend")
    with pytest.raises(KubernetesError, match="a command in pod pod-0: dialing backend"):
        run(commands)


def test_a_command_that_cannot_be_run(commands: Commands) -> None:
    commands.frames = [(3, b'{"status": "Failure", "message": "no such container"}')]
    with pytest.raises(KubernetesError, match="cannot be run: no such container"):
        run(commands)


def test_a_command_without_a_result(commands: Commands) -> None:
    commands.frames = [(1, b"half")]
    with pytest.raises(KubernetesError, match="ended the connection without a result"):
        run(commands)


def test_a_command_has_a_time_limit(commands: Commands) -> None:
    commands.waits = True
    with pytest.raises(KubernetesError, match="did not end within"):
        run(commands, seconds=0.3)
