"""Nova's answers, by HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from panda_infra.clients.pod.nova import Nova

CREDENTIAL = {"id": "an-id", "secret": "a-secret-canary"}


class Cloud(HTTPServer):
    """Keystone and Nova at one address; ``refuses`` is the status of every answer about a server.

    ``lacks`` is how many bytes of each answer do not arrive.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.servers: dict[str, Any] = {}
        self.logins: list[Any] = []
        self.refuses = 0
        self.lacks = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Cloud

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.logins.append(body)
        endpoints = [
            {"interface": "internal", "region": "one", "url": "http://inside"},
            {"interface": "public", "region": "two", "url": f"{self.server.url}/compute/"},
        ]
        self._answer(201, {"token": {"catalog": [{"type": "compute", "endpoints": endpoints}]}})

    def do_GET(self) -> None:
        assert self.headers["X-Auth-Token"] == "token"
        found = self.server.servers.get(self.path.rpartition("/")[2])
        if self.server.refuses or not found:
            self._answer(self.server.refuses or 404, {})
        else:
            self._answer(200, {"server": found})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("X-Subject-Token", "token")
        self.send_header("Content-Length", str(len(content) + self.server.lacks))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize("path", ["", "/", "/v3", "/v3/"])
def test_a_server_and_one_that_is_not_there(cloud: Cloud, path: str) -> None:
    cloud.servers["uuid"] = {"status": "SHUTOFF"}
    nova = Nova(cloud.url + path, "two", lambda: CREDENTIAL)
    assert nova.server("uuid") == {"status": "SHUTOFF"}
    assert nova.server("other") is None
    (login,) = cloud.logins
    assert login["auth"]["identity"]["application_credential"] == CREDENTIAL


def test_a_region_without_nova(cloud: Cloud) -> None:
    with pytest.raises(OSError, match="has no Nova in region one"):
        Nova(cloud.url, "one", lambda: CREDENTIAL).server("uuid")


def test_a_refusal_logs_in_anew(cloud: Cloud) -> None:
    cloud.servers["uuid"] = {"status": "ACTIVE"}
    nova = Nova(cloud.url, "", lambda: CREDENTIAL)
    nova.server("uuid")
    cloud.refuses = 401
    with pytest.raises(OSError, match="is answered by 401"):
        nova.server("uuid")
    cloud.refuses = 0
    assert nova.server("uuid") == {"status": "ACTIVE"}
    assert len(cloud.logins) == 2


def test_an_answer_that_breaks_off_is_none(cloud: Cloud) -> None:
    cloud.lacks = 10
    with pytest.raises(OSError, match="is not answered"):
        Nova(cloud.url, "", lambda: CREDENTIAL).server("uuid")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://keystone"])
def test_no_answer_shows_no_secret(url: str) -> None:
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1|no address") as caught:
        Nova(url, "", lambda: CREDENTIAL).server("uuid")
    assert "canary" not in str(caught.value)
