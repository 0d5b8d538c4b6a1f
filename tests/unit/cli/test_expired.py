"""`expired --remove`: one stack that resists, or a broken file, does not keep the others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer

from panda_infra.cli import expired as command
from panda_infra.clients.pulumi.cli import Pulumi, PulumiError
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.document import compose
from tests.unit.cli.conftest import SMALL, Run

OVER = {"protect": False, "expires": "2020-12-01"}


@pytest.fixture
def removed(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stacks that were removed: `stuck` and `refused` resist."""
    stacks: dict[str, Any] = {
        "old": OVER,
        "stuck": OVER,
        "refused": OVER,
        "undeployed": OVER,
        "young": {"protect": False, "expires": "2999-12-01"},
        "doma": {"protect": True},
    }
    for name, lifecycle in stacks.items():
        (project / f"Pulumi.{name}.yaml").write_text(compose({**SMALL, "lifecycle": lifecycle}, name))
    done: list[str] = []

    def remove(stack: str, **_options: Any) -> None:
        if stack == "stuck":
            raise typer.Exit(1)
        if stack == "refused":
            raise PandaInfraError("the engine refuses")
        done.append(stack)

    counts = dict.fromkeys(stacks, 9) | {"undeployed": 0}
    monkeypatch.setattr(command, "remove_stack", remove)
    monkeypatch.setattr(Pulumi, "resource_counts", lambda _: counts)
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/true")
    return done


def test_only_deployed_stacks_past_their_last_day_must_go(run: Run, removed: list[str]) -> None:
    listed = run("expired", "--json")
    assert listed.exit_code == 1
    found = {one["stack"]: one["must_go"] for one in json.loads(listed.stdout)}
    assert found == {"old": True, "stuck": True, "refused": True, "undeployed": False, "young": False}
    assert removed == []


def test_others_than_the_named_are_left_alone(run: Run, removed: list[str]) -> None:
    assert run("expired", "young", "doma", "--remove").exit_code == 0
    assert removed == []
    assert run("expired", "old", "--remove").exit_code == 0
    assert removed == ["old"]
    assert run("expired", "nobody", "--remove").exit_code == 1


def test_the_matrix_is_made_of_stack_files_alone(
    run: Run, removed: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    matrix = run("expired", "--matrix")
    assert (matrix.exit_code, removed) == (0, [])
    assert matrix.stdout == 'stacks=["old", "refused", "stuck", "undeployed"]\n'
    (project / "Pulumi.broken.yaml").write_text("config: [")
    assert run("expired", "--matrix").exit_code == 1


def test_the_matrix_is_the_whole_output(run: Run, removed: list[str]) -> None:
    result = run("expired", "--matrix", "--remove", "--json")
    assert result.exit_code == 2
    assert "leave out --json and --remove" in result.stderr
    assert removed == []


def test_one_that_resists_does_not_keep_the_others(run: Run, removed: list[str]) -> None:
    done = run("expired", "--remove")
    assert done.exit_code == 1
    assert removed == ["old"]
    assert "the engine refuses" in done.stderr


def test_a_broken_file_hides_no_other_stack(run: Run, removed: list[str], project: Path) -> None:
    for name in ("stuck", "refused"):
        (project / f"Pulumi.{name}.yaml").unlink()
    (project / "Pulumi.broken.yaml").write_text("config: [")
    done = run("expired", "--remove")
    assert done.exit_code == 1
    assert removed == ["old"]
    assert "Pulumi.broken.yaml" in done.stderr


def test_nothing_left_to_remove_is_success(run: Run, removed: list[str], project: Path) -> None:
    for name in ("stuck", "refused"):
        (project / f"Pulumi.{name}.yaml").unlink()
    assert run("expired", "--remove").exit_code == 0
    assert removed == ["old"]


def test_a_broken_state_is_reported_and_does_not_keep_the_others(
    run: Run, removed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def counts(_cli: Pulumi) -> dict[str, int]:
        raise PulumiError("the state of one of the stacks cannot be read")

    def count(_cli: Pulumi, stack: str) -> int:
        if stack == "young":
            raise PulumiError("the state of stack young cannot be read")
        return 0 if stack == "undeployed" else 9

    monkeypatch.setattr(Pulumi, "resource_counts", counts)
    monkeypatch.setattr(Pulumi, "resource_count", count)
    done = run("expired", "old", "young", "undeployed", "--remove")
    assert done.exit_code == 1
    assert removed == ["old"]
    assert "the state of stack young cannot be read" in done.stderr
    assert run("expired", "old", "undeployed", "--remove").exit_code == 0
