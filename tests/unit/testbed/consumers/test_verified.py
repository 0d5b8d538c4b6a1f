"""What `verify` asks is asked of the sandbox's programs, and judged as in a cluster."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from panda_infra.plan.make import make_plan
from panda_infra.products.ctao.context import S3_PORT
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.verification import NOTHING_TO_ASK, Command, Request
from testbed.consumers.pods import Service
from testbed.consumers.sandbox import Check, Root, Sandbox
from testbed.consumers.verified import answered, refuted
from tests.support import ctao
from tests.support.asked import ASKED, NOT_STARTED, names

_PLAN = make_plan("ctao", ctao.stack())
_STORE = _PLAN.names.workload("objectstore", "server")
_DATABASE = _PLAN.names.workload("dirac-db", "mariadb")
# Nobody listens there.
_SILENT = "127.88.0.1"


class _Root(Root):
    """A pod of whose programs only the output is known."""

    @override
    def run(
        self,
        *command: str,
        user: str = "root",
        stdin: str = "",
        environment: Mapping[str, str] = {},
        seconds: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, int(self.name), environment["HOSTNAME"], "")


class _Store(BaseHTTPRequestHandler):
    """An object store whose health is known at one path alone."""

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()


def sandbox(address: str = _SILENT, *, port: int = S3_PORT, code: int | None = 0) -> Sandbox:
    """A sandbox with an object store at a port, and a database whose commands end with a code, if it was started."""
    roots: dict[str, Root] = {} if code is None else {_DATABASE: _Root(str(code), Path(), {})}
    addresses = {_STORE: address, _DATABASE: "10.0.0.1"}
    return Sandbox(
        Path(), (), [Service(_STORE, {port: port})], {}, plan=_PLAN, addresses=addresses, roots=roots
    )


def test_every_check_of_dpps_is_asked_of_its_software_or_of_none() -> None:
    checks = [check for name in ctao.COMPONENTS for check in COMPONENTS[name].checks]
    asked = {check.name for check in checks if isinstance(check.ask, Command | Request)}
    assert asked == NOT_STARTED | set().union(*ASKED.values())
    assert not NOT_STARTED & set().union(*ASKED.values())


@pytest.fixture
def store() -> Iterator[str]:
    """The address of an object store, which listens at its Service's port; tests beside this one have their own."""
    address = f"127.89.{os.getpid() % 256}.{os.getpid() // 256 % 254 + 1}"
    with HTTPServer((address, S3_PORT), _Store) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()


def test_a_good_answer_is_one_as_verify_judges_it(store: str) -> None:
    found = list(answered(sandbox(store), "me", "objectstore", "dirac-db.database"))
    assert found == [
        Check("me", "verify: objectstore.answers", passed=True, detail="status 200"),
        Check("me", "verify: dirac-db.database", passed=True, detail="10.0.0.1"),
    ]
    assert names(found) == {"objectstore.answers", "dirac-db.database"}


def test_what_a_stack_has_nothing_of_is_not_tried() -> None:
    (found,) = answered(sandbox(code=NOTHING_TO_ASK), "me", "dirac-db.database")
    assert found.skipped
    assert found.detail == "10.0.0.1"
    assert not names([found])


@pytest.mark.parametrize(
    ("here", "store_says", "database_says"),
    [
        (sandbox(code=1), "Connection refused", "10.0.0.1"),
        (sandbox(port=1, code=None), "has no Service", "nothing was started"),
    ],
)
def test_who_does_not_answer_is_refuted(here: Sandbox, store_says: str, database_says: str) -> None:
    wanted = {"objectstore.answers": store_says, "dirac-db.database": database_says}
    found = list(refuted(here, "me", "gone", wanted))
    assert [(each.what, each.passed) for each in found] == [
        ("gone: objectstore.answers fails", True),
        ("gone: dirac-db.database fails", True),
    ]
    assert [each.passed for each in answered(here, "me", *wanted)] == [False, False]


def test_a_good_answer_is_no_failure() -> None:
    (found,) = refuted(sandbox(), "me", "gone", {"dirac-db.database": "10.0.0.1"})
    assert not found.passed
    assert found.detail == "ok: 10.0.0.1"
