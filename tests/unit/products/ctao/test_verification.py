"""The script that Rucio's pod runs for `verify`, against a server that answers as Rucio's does."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typing_extensions import override

from panda_infra.authority import make_authority
from panda_infra.products.ctao.verification import asked_as_root
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.verification import Check, Command
from tests.support import ctao
from tests.support.serving import serving

_PASSWORD = "canary-of-root"
_LIMIT = "/accountlimits/local/root/SOUTH"


class _Rucio(BaseHTTPRequestHandler):
    """Knows the account root and two storages; each question about a rule gives its next state."""

    states: ClassVar[list[str]] = []
    poor: ClassVar[bool] = False
    paths: ClassVar[bool] = False
    asked: ClassVar[list[tuple[str, str, Any]]] = []

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = re.sub(r"verify-[0-9a-f]{16}", "FILE", self.path)
        content: Any = json.loads(body) if body else None
        self.asked.append((self.command, path, content))
        if path == "/auth/userpass":
            given = (self.headers["X-Rucio-Account"], self.headers["X-Rucio-Password"])
            self._send(200 if given == ("root", _PASSWORD) else 401, "", {"X-Rucio-Auth-Token": "t"})
        elif self.headers["X-Rucio-Auth-Token"] != "t":
            self._send(401, "")
        elif path == "/accounts/whoami":
            self._send(303, "", {"Location": "/accounts/root"})
        elif path == "/rules/" and ("POST", _LIMIT, {"bytes": 1 << 20}) not in self.asked and self.poor:
            self._send(409, "", {"ExceptionClass": "InsufficientAccountLimit"})
        elif path == "/replicas" and content["files"][0]["name"].startswith("/") != self.paths:
            self._send(500, "", {"ExceptionClass": "InvalidObject"})
        elif path == "/accounts/root/scopes/verify":
            self._send(409, "", {"ExceptionClass": "Duplicate"})
        else:
            self._send(200, self._content(path))

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the base class's names

    def _content(self, path: str) -> str:
        if path == "/accounts/root":
            return '{"account": "root", "status": "ACTIVE"}'
        if path == "/rses/":
            return '{"rse": "NORTH"}\n{"rse": "SOUTH"}\n'
        if path == "/rules/":
            return '["number"]'
        if path == "/rules/number" and self.command == "GET":
            return json.dumps({"state": self.states.pop(0)})
        return "Created"

    def _send(self, status: int, content: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content.encode())

    @override
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    issued = make_authority("Site CA", now=datetime.now(UTC)).issue(["rucio.site.org"])
    file = tmp_path / "server.pem"
    file.write_text(issued.certificate + issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    _Rucio.states, _Rucio.asked, _Rucio.poor, _Rucio.paths = [], [], False, False
    with serving(_Rucio, context) as port:
        yield f"https://127.0.0.1:{port}"


def run(ask: str, address: str, password: str = _PASSWORD, **given: Any) -> int:
    found: dict[str, Any] = {"_PAUSE": 0}
    exec(asked_as_root(ask).script, found)
    found["_PAUSE"] = 0
    question = {"ask": ask, "address": address, "username": "root", "password": password, **given}
    code: int = found["main"](question)
    return code


def test_who_one_is(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("whoami", address) == 0
    assert capsys.readouterr().out == "logged in as root, ACTIVE\n"


def test_a_wrong_password_is_told_without_it(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="GET /auth/userpass is answered by 401 Unauthorized"):
        run("whoami", address, "wrong")
    assert "wrong" not in capsys.readouterr().out


def test_declared_storages(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("storages", address, storages=["NORTH"]) == 0
    assert run("storages", address, storages=["NORTH", "WEST"]) == 1
    assert capsys.readouterr().out == "2 storages, all declared ones among them\n2 storages; missing: WEST\n"


@pytest.mark.parametrize(
    ("states", "code", "end"), [(["REPLICATING", "OK"], 0, "OK"), (["REPLICATING", "STUCK"], 1, "STUCK")]
)
def test_a_rule_is_carried_out_and_taken_back(
    address: str, capsys: pytest.CaptureFixture[str], states: list[str], code: int, end: str
) -> None:
    _Rucio.states = list(states)
    assert run("rule", address, source="NORTH", destination="SOUTH") == code
    assert capsys.readouterr().out == f"a rule from NORTH to SOUTH is {end}\n"
    made = {(method, path): body for method, path, body in _Rucio.asked}
    assert made["POST", "/replicas"]["rse"] == "NORTH"
    assert made["POST", "/rules/"]["rse_expression"] == "SOUTH"
    assert made["POST", "/dids/verify/FILE/meta/lifetime"] == {"value": 86400}
    assert made["DELETE", "/rules/number"] == {"purge_replicas": True}


@pytest.mark.parametrize("poor", [True, False])
def test_an_account_without_a_limit_gets_one_for_the_time(address: str, *, poor: bool) -> None:
    _Rucio.states, _Rucio.poor = ["OK"], poor
    assert run("rule", address, source="NORTH", destination="SOUTH") == 0
    asked = [method for method, path, _ in _Rucio.asked if path == _LIMIT]
    assert asked == (["POST", "DELETE"] if poor else [])


@pytest.mark.parametrize("paths", [True, False])
def test_a_file_is_named_as_the_policy_of_the_server_takes_it(address: str, *, paths: bool) -> None:
    _Rucio.states, _Rucio.paths = ["OK"], paths
    assert run("rule", address, source="NORTH", destination="SOUTH") == 0
    made = {(method, path): body for method, path, body in _Rucio.asked}
    assert made["POST", "/rules/"]["dids"][0]["name"].startswith("/") == paths
    assert made["POST", "/dids/verify/FILE/meta/lifetime"] == {"value": 86400}


def of(component: str, name: str) -> Check:
    return next(check for check in COMPONENTS[component].checks if check.name == name)


def given(check: Check, **components: Any) -> dict[str, Any]:
    assert isinstance(check.ask, Command)
    return dict(check.ask.given(ctao.stack(components=ctao.COMPONENTS | components)))


def test_the_questions_follow_from_what_is_declared() -> None:
    storages = of("rucio-config", "rucio-config.storages")
    assert given(storages) == {"ask": "storages", "storages": ["NORTH", "SOUTH"]}
    rule = of("rucio-daemons", "rucio-daemons.rule")
    assert given(rule) == {"ask": "rule", "source": "NORTH", "destination": "SOUTH"}
    assert rule.unless(ctao.stack()) == ""


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"rucio-daemons": {}}, "files are really moved here"),
        ({"rucio-config": {}}, "declares no distance"),
    ],
)
def test_a_stack_without_a_way_has_nothing_to_carry(component: dict[str, Any], words: str) -> None:
    rule = of("rucio-daemons", "rucio-daemons.rule")
    assert words in rule.unless(ctao.stack(components=ctao.COMPONENTS | component))


def test_texts_of_the_login_come_from_the_secret() -> None:
    ask = of("rucio", "rucio.whoami").ask
    assert isinstance(ask, Command)
    assert ask.secrets == {"username": ("rucio-root", "username"), "password": ("rucio-root", "password")}
