import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from testbed.openstack_bed.faults import Answer, FaultFile, Faults
from testbed.openstack_bed.request_log import read
from testbed.openstack_bed.services.middleware import Environ, StartResponse, watched
from testbed.openstack_bed.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "log").mkdir()
    return Settings(tmp_path, Path("/services"), Path("/python"), {}, "hunter2")


def echo(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    start_response("202 Accepted", [("Content-Type", "application/json")])
    return [environ["wsgi.input"].read()]


def ask(settings: Settings, service: str, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    """The status line, the headers and the body of the answer."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **headers,
    }
    seen: list[Any] = []
    content = b"".join(watched(service, echo, settings)(environ, lambda *answer: seen.extend(answer)))
    return seen[0], dict(seen[1]), content


def logged(settings: Settings) -> list[Any]:
    return list(read(settings.log / "requests.jsonl"))


def test_request_passes_and_is_logged(settings: Settings) -> None:
    headers = {
        "HTTP_OPENSTACK_API_VERSION": "container-infra 1.9",
        "HTTP_USER_AGENT": "gophercloud/v2.8.0 x",
        "QUERY_STRING": "limit=1",
    }
    status, _, content = ask(settings, "magnum", "POST", "/v1/clusters", b'{"name": "panda"}', **headers)
    assert (status, content) == ("202 Accepted", b'{"name": "panda"}')
    (request,) = logged(settings)
    assert (request.service, request.method, request.path) == ("magnum", "POST", "/v1/clusters?limit=1")
    assert (request.microversion, request.agent, request.status) == ("1.9", "gophercloud", 202)
    assert request.body == {"name": "panda"}
    assert not request.fault


def test_a_late_answer_hides_that_the_service_did_what_it_was_asked_for(settings: Settings) -> None:
    done: list[bytes] = []

    def service(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        done.extend(echo(environ, start_response))
        return done

    FaultFile(settings.folder).write(Faults(answers=(Answer(500, late=True),)))
    seen: list[Any] = []
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "2", "wsgi.input": io.BytesIO(b"{}")}
    content = b"".join(watched("magnum", service, settings)(environ, lambda *answer: seen.append(answer[0])))
    assert done == [b"{}"]
    assert seen == ["500 Internal Server Error"]
    assert b"errors" in content
    (request,) = logged(settings)
    assert (request.status, request.fault) == (500, True)


def test_passwords_for_keystone_are_not_logged(settings: Settings) -> None:
    _, _, content = ask(settings, "keystone", "POST", "/v3/auth/tokens", b'{"password": "hunter2"}')
    assert b"hunter2" in content
    assert "hunter2" not in (settings.log / "requests.jsonl").read_text()


@pytest.mark.parametrize("body", [b"", b"no json"])
def test_body_that_is_no_json_passes(settings: Settings, body: bytes) -> None:
    assert ask(settings, "nova", "PUT", "/v2.1/servers", body)[2] == body
    assert logged(settings)[0].body is None


@pytest.mark.parametrize(
    ("service", "status", "key"),
    [
        ("magnum", 500, "errors"),
        ("magnum", 429, "errors"),
        ("magnum", 401, "error"),
        ("nova", 429, "overLimit"),
        ("nova", 503, "computeFault"),
    ],
)
def test_fault_answers_as_the_service_would(settings: Settings, service: str, status: int, key: str) -> None:
    answer = Answer(status, service=service, path="/x", retry_after=3)
    FaultFile(settings.folder).write(Faults(answers=(answer,)))
    line, headers, content = ask(settings, service, "GET", "/x")
    assert line.startswith(f"{status} ")
    assert headers["Retry-After"] == "3"
    assert list(json.loads(content)) == [key]
    assert ask(settings, service, "GET", "/x")[0] == "202 Accepted"
    assert [(one.status, one.fault) for one in logged(settings)] == [(status, True), (202, False)]
