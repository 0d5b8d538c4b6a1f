"""`verify`: what is asked, shown and written, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from panda_infra.cli import verify as module
from panda_infra.clients.kubernetes.inside import Ended
from panda_infra.review.engine import Engine
from panda_infra.verify.asking import World
from tests.support.stacks import stack
from tests.support.verification import FakeInside, world

_CONFIG = stack(components={"msgsvc": {}})


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> World:
    """The stack `small` as one that runs, whatever is in its file."""
    made = world(_CONFIG, msgsvc_envs={"ACTIVEMQ_BASE_PASSWD": "canary-of-the-broker"})
    monkeypatch.setattr(module, "planned", lambda _stack: (made.plan, None))
    monkeypatch.setattr(module, "reached", lambda *_: None)
    monkeypatch.setattr(module, "_world", lambda *_: made)
    return made


def ends(found: World, ended: Ended) -> None:
    assert isinstance(found.inside, FakeInside)
    found.inside.ended = ended


def test_a_stack_that_works(run: Any, found: World, stack_file: Path) -> None:
    assert stack_file.exists()
    ends(found, Ended(0, "a message has come back\n"))
    shown = run("verify", "small")
    assert shown.exit_code == 0, shown.output
    for words in ("msgsvc.round-trip", "a message has come back", "PANDA-MESSAGES", "verified", "no check"):
        assert words in shown.stdout, words
    assert "msgsvc.activemq: ok" in shown.stderr


def test_what_has_failed_is_named_and_written(run: Any, found: World, stack_file: Path) -> None:
    ends(found, Ended(1, "refused: canary-of-the-broker"))
    shown = run("verify", "small", "--json", "--junit", "verify.xml")
    assert shown.exit_code == 1
    checks = {each["name"]: each for each in json.loads(shown.stdout)["checks"]}
    assert (checks["msgsvc.round-trip"]["result"], checks["msgsvc.round-trip"]["detail"]) == (
        "failed",
        "refused: ***",
    )
    written = stack_file.with_name("verify.xml")
    (suite,) = ElementTree.parse(written).getroot()
    assert suite.attrib["failures"] == "1"
    assert "canary" not in shown.output + written.read_text()
    assert run("verify", "small", "--only", "msgsvc.activemq").exit_code == 0


def test_what_could_not_be_asked_is_not_done(
    run: Any, stack_file: Path, monkeypatch: pytest.MonkeyPatch, found: World
) -> None:
    assert found
    assert stack_file.exists()
    made = world(_CONFIG, real=False)
    monkeypatch.setattr(module, "_world", lambda *_: made)
    shown = run("verify", "small", "--only", "msgsvc.round-trip")
    assert shown.exit_code == 3
    assert "is simulated" in shown.stdout


def test_an_unknown_check_is_refused(run: Any, found: World, stack_file: Path) -> None:
    assert found
    assert stack_file.exists()
    shown = run("verify", "small", "--only", "nothing")
    assert shown.exit_code == 1
    assert "nothing: no check of this stack has that name" in shown.output


def test_a_stack_that_is_not_deployed_is_passed_over_on_demand(
    run: Any, stack_file: Path, fake_cli: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack_file.exists()
    assert fake_cli
    monkeypatch.setattr(Engine, "is_deployed", lambda _self: False)
    shown = run("verify", "small", "--if-deployed")
    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "stack small is not deployed: nothing is asked" in shown.stderr


def test_a_stack_that_stands_by_is_not_asked(
    run: Any, stack_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack_file.exists()
    made = world(stack(components={"msgsvc": {}}, standby={"of": "another", "by": "demo"}))
    monkeypatch.setattr(module, "planned", lambda _stack: (made.plan, None))
    shown = run("verify", "small")
    assert shown.exit_code == 0
    assert "stands by for another one" in shown.output
