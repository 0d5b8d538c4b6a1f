"""`failover`: what the command line asks of the steps, and that it asks the new stack in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from panda_infra.cli import failover as module
from panda_infra.failover import steps
from tests.support.documented import documented


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked, in its order; nothing is done."""
    found: list[Any] = []

    class Asked:
        def __init__(self, old: Any, new: Any, word: Any, seconds: float, _say: Any) -> None:
            found.append((old.stack, new.stack, word, seconds))

        def run(self) -> None:
            found.append("run")

    def verify(stack: str) -> None:
        found.append(("verify", stack))
        raise typer.Exit(3)

    monkeypatch.setattr(steps, "Failover", Asked)
    monkeypatch.setattr(module, "verify", verify)
    return found


def test_the_commands_of_the_page(run: Any, fake_cli: Any, stack_file: Path, asked: list[Any]) -> None:
    assert fake_cli.values == {}
    stack_file.with_name("Pulumi.other.yaml").write_text(stack_file.read_text())
    word = steps.Word
    for command, expected in (
        (
            documented(
                "python -m panda_infra failover doma --to doma-2 --fenced",
                {"doma-2": "other", "doma": "small"},
            ),
            ("small", "other", word(fenced=True), 1800.0),
        ),
        (
            documented(
                "python -m panda_infra failover doma --to doma-2 --databases-promoted",
                {"doma-2": "other", "doma": "small"},
            ),
            ("small", "other", word(promoted=True), 1800.0),
        ),
        (
            documented(
                "python -m panda_infra failover doma-2 --to doma", {"doma-2": "other", "doma": "small"}
            ),
            ("other", "small", word(), 1800.0),
        ),
    ):
        asked.clear()
        done = run(*command.words[3:])
        assert done.exit_code == 3, done.output
        assert asked == [expected, "run", ("verify", expected[1])]
        assert f"7. verify {expected[1]}" in done.stdout
