"""Questions to stores of logs: those of Loki and VictoriaLogs as they document them, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from panda_infra.clients.log_store import LogStoreByHttp
from panda_infra.errors import NoAnswerError, NotAllowedError, PandaInfraError
from tests.support.serving import serving

_HEADERS = {"Authorization": "Basic canary", "X-Scope-OrgID": "panda"}


@dataclass
class Store:
    """Gives one answer; remembers the path, the question and the headers."""

    port: int = 0
    status: int = 200
    text: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, kind: str) -> LogStoreByHttp:
        address = f"http://127.0.0.1:{self.port}/"
        return LogStoreByHttp("loki" if kind == "loki" else "victoriaLogs", address, _HEADERS)


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            made.asked.append((parts.path, parse_qs(parts.query)["query"][0]))
            made.headers = dict(self.headers.items())
            self.send_response(made.status)
            self.send_header("Location", "https://elsewhere.site.org/")
            self.end_headers()
            self.wfile.write(made.text.encode())

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    with serving(Handler) as made.port:
        yield made


def test_loki_is_asked_for_a_sum_by_component(store: Store) -> None:
    found = [
        {"metric": {"component": "panda"}, "value": [1780000000.1, "12"]},
        {"metric": {}, "value": [1780000000.1, "3"]},
    ]
    store.text = json.dumps({"status": "success", "data": {"resultType": "vector", "result": found}})
    assert store("loki").lines("ns", "demo", 5) == {"panda": 12, "": 3}
    query = 'sum by (component) (count_over_time({k8s_namespace_name="ns"} | stack="demo" [24h]))'
    assert store.asked == [("/loki/api/v1/query", query)]
    assert store.headers.items() >= _HEADERS.items()


def test_victorialogs_answers_line_by_line(store: Store) -> None:
    store.text = '{"component":"panda","lines":"12"}\n{"component":"idds","lines":"1"}\n'
    assert store("victoriaLogs").lines("ns", "demo", 5) == {"panda": 12, "idds": 1}
    query = 'namespace:="ns" stack:="demo" _time:24h | stats by (component) count() lines'
    assert store.asked == [("/select/logsql/query", query)]


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, NotAllowedError, r"refuses the log-in \(HTTP 401\)"),
        (403, NotAllowedError, "refuses the log-in"),
        (302, PandaInfraError, "answers HTTP 302"),
        (500, PandaInfraError, "answers HTTP 500"),
        (200, PandaInfraError, "answers something else"),
    ],
)
def test_other_answers_are_errors_without_the_credential(
    store: Store, status: int, error: type[Exception], words: str
) -> None:
    store.status, store.text = status, "<html>canary"
    with pytest.raises(error, match=words) as raised:
        store("loki").lines("ns", "demo", 5)
    assert "canary" not in str(raised.value)
    assert "canary" not in repr(store("loki"))


def test_nobody_at_the_address_is_an_error() -> None:
    with pytest.raises(NoAnswerError, match="does not answer"):
        LogStoreByHttp("loki", "http://127.0.0.1:1").lines("ns", "demo", 5)
