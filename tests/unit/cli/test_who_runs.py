"""`who-runs` answers over all stacks, by what was deployed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from panda_infra.clients.pulumi.cli import Pulumi, PulumiError, UnknownStackError
from panda_infra.plan.data import Deployed
from panda_infra.stacks.document import compose
from panda_infra.state.recorded import Recorded
from tests.support.documented import documented
from tests.unit.cli.conftest import SMALL, Run

_IMAGE = {"image": {"repository": "rucio/rucio-server", "tag": "release-41.5.1"}}


@pytest.fixture(autouse=True)
def known(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stacks that run it, one that runs nothing, one that was never made."""
    for name in ("north", "south", "empty", "never"):
        (project / f"Pulumi.{name}.yaml").write_text(compose(SMALL, name))

    def recorded(_: Pulumi, stack: str) -> Recorded:
        if stack == "never":
            raise UnknownStackError("no stack named 'never' found")
        if stack == "empty":
            return Recorded()
        return Recorded({"rucio": Deployed("ctao-rucio", _IMAGE, False)})

    monkeypatch.setattr(Pulumi, "recorded", recorded)
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/true")


def found(text: str) -> list[tuple[str, str]]:
    return [(each["stack"], each["release"]) for each in json.loads(text)]


def test_every_stack_that_runs_it_is_listed(run: Run) -> None:
    command = documented("python -m panda_infra who-runs rucio/rucio-server")
    result = run(*command.words[3:], "--json")
    assert result.exit_code == 0, result.stderr
    assert found(result.stdout) == [("north", "ctao-rucio"), ("south", "ctao-rucio")]


def test_others_than_the_named_are_not_asked(run: Run) -> None:
    assert found(run("who-runs", "rucio-server", "south", "--json").stdout) == [("south", "ctao-rucio")]


def test_what_nobody_runs_is_said(run: Run) -> None:
    result = run("who-runs", "rucio/rucio-server:release-40")
    assert result.exit_code == 0
    assert "no stack runs rucio/rucio-server:release-40" in result.stderr


def test_a_state_that_cannot_be_read_does_not_hide_the_others(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: Any = Pulumi.recorded

    def broken(cli: Pulumi, stack: str) -> Recorded:
        if stack == "north":
            raise PulumiError("the backend does not answer")
        return before(cli, stack)  # type: ignore[no-any-return]

    monkeypatch.setattr(Pulumi, "recorded", broken)
    result = run("who-runs", "rucio-server", "--json")
    assert result.exit_code == 1
    assert "north: the backend does not answer" in result.stderr
    assert found(result.stdout) == [("south", "ctao-rucio")]
