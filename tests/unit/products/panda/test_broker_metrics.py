"""The exporter of the broker's queues, against a console of this process."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from typing_extensions import override

from panda_infra.products.panda import components
from tests.support.serving import serving

_SCRIPT = Path(components.__file__).parents[1] / "scripts" / "broker_metrics.py"
_QUEUE = {"Name": 'panda"jedi', "QueueSize": 7, "ConsumerCount": 1, "EnqueueCount": 20, "DequeueCount": 13}
_ANSWERS = {
    "queues": {"status": 200, "value": {"org.apache.activemq:destinationName=panda_jedi": _QUEUE}},
    "none": {"status": 404, "error": "javax.management.InstanceNotFoundException"},
    "refused": {"status": 403, "error": "Origin null is not allowed to call this agent"},
}


@contextmanager
def console(answer: Any) -> Iterator[tuple[int, list[Any]]]:
    asked: list[Any] = []

    class Console(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        @override
        def log_message(self, *words: object) -> None: ...

    with serving(Console) as port:
        yield port, asked


@contextmanager
def exporter(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[str]:
    monkeypatch.setenv("CONSOLE", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("LOGIN", "admin:admin")
    handler = runpy.run_path(str(_SCRIPT))["Handler"]
    with serving(handler) as own, urlopen(f"http://127.0.0.1:{own}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        yield answer.read().decode()


def test_each_queue_is_a_series(monkeypatch: pytest.MonkeyPatch) -> None:
    with console(_ANSWERS["queues"]) as (port, asked), exporter(monkeypatch, port) as text:
        lines = text.splitlines()
    assert "activemq_up 1" in lines
    assert 'activemq_queue_size{queue="panda\\"jedi"} 7' in lines
    assert 'activemq_queue_consumers{queue="panda\\"jedi"} 1' in lines
    ((path, headers),) = asked
    assert path.endswith("destinationName=*/Name,QueueSize,ConsumerCount,EnqueueCount,DequeueCount")
    assert (headers["Origin"], headers["Authorization"]) == ("http://localhost", "Basic YWRtaW46YWRtaW4=")


def test_a_broker_without_queues_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with console(_ANSWERS["none"]) as (port, _), exporter(monkeypatch, port) as text:
        assert "activemq_up 1\n" in text
        assert "{" not in text


@pytest.mark.parametrize("answer", [_ANSWERS["refused"], "nonsense"])
def test_a_console_that_refuses_or_answers_nonsense_is_down(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    with console(answer) as (port, _), exporter(monkeypatch, port) as text:
        assert "activemq_up 0\n" in text


def test_a_console_that_is_not_there_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    with console({}) as (port, _):
        pass
    with exporter(monkeypatch, port) as text:
        assert "activemq_up 0\n" in text
