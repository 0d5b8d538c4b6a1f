"""The plain-dictionary client against canned answers."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from testbed.api import Api, ApiError, UnreachableError
from tests.support import fast_yaml
from tests.support.serving import serving


class Server(BaseHTTPRequestHandler):
    """Answers each path with a status and lines of JSON; records what was sent."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[dict[str, tuple[int, list[Any]]]] = {}
    received: ClassVar[list[tuple[str, str, str, Any]]] = []

    def answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(sent) if sent else None
        self.received.append((self.command, self.path, self.headers["Content-Type"], body))
        status, lines = self.answers.get(self.path, (404, [{"message": f"{self.path} not found"}]))
        content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        half = len(content) // 2  # the boundary of a chunk is no boundary of a line
        for chunk in filter(None, (content[:half], content[half:])):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keeps quiet."""


def kubeconfig(folder: Path, port: int) -> Path:
    path = folder / "kubeconfig"
    document = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(fast_yaml.dump(document))
    return path


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    Server.answers, Server.received = {}, []
    with serving(Server) as port:
        yield Api(kubeconfig(tmp_path, port))


def test_list_gives_the_items(api: Api) -> None:
    Server.answers["/api/v1/nodes"] = (200, [{"items": [{"kind": "Node"}]}])
    Server.answers["/api/v1/pods"] = (200, [{"items": None}])
    assert api.list("/api/v1/nodes") == [{"kind": "Node"}]
    assert api.list("/api/v1/pods") == []


def test_changes_are_sent_as_they_are(api: Api) -> None:
    Server.answers["/x"] = (200, [{}])
    api.create("/x", {"a": 1})
    api.merge("/x", {"a": None})
    api.delete("/x")
    assert Server.received == [
        ("POST", "/x", "application/json", {"a": 1}),
        ("PATCH", "/x", "application/merge-patch+json", {"a": None}),
        ("DELETE", "/x", "application/json", None),
    ]


def test_refusal_carries_status_and_message(api: Api) -> None:
    with pytest.raises(ApiError, match="GET /absent: /absent not found") as caught:
        api.get("/absent")
    assert caught.value.status == 404


def test_readiness(api: Api) -> None:
    Server.answers["/readyz"] = (500, [{}])
    assert not api.is_ready()
    Server.answers["/readyz"] = (200, [{}])
    assert api.is_ready()


def test_follow_gives_what_exists_and_then_what_changes(api: Api) -> None:
    Server.answers["/x"] = (200, [{"metadata": {"resourceVersion": "7"}, "items": [{"a": "old"}]}])
    events = [{"type": kind, "object": {"a": kind}} for kind in ("ADDED", "DELETED", "MODIFIED")]
    Server.answers["/x?watch=true&resourceVersion=7"] = (200, events)
    assert [item["a"] for item in api.follow("/x")] == ["old", "ADDED", "MODIFIED"]


def test_follow_tells_when_it_has_fallen_behind(api: Api) -> None:
    Server.answers["/x"] = (200, [{"metadata": {"resourceVersion": "7"}}])
    expired = {"type": "ERROR", "object": {"code": 410, "message": "too old"}}
    Server.answers["/x?watch=true&resourceVersion=7"] = (200, [expired])
    with pytest.raises(ApiError, match="too old"):
        list(api.follow("/x"))


def test_nothing_answers(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="no answer"):
        Api(kubeconfig(tmp_path, 1)).get("/x")
    assert time.monotonic() - began < 1
