"""Every command explains itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tools import REPOSITORY

_COMMANDS = [
    ("init",),
    ("import",),
    ("check",),
    ("explain",),
    ("graph",),
    ("dry-run",),
    ("rehearse",),
    ("expired",),
    ("secrets", "audit"),
    ("secrets", "set"),
    ("secrets", "rotate"),
    ("secrets", "render"),
]


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_the_help_of_each_command_has_examples(run: Any, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    _, examples, shown = result.stdout.partition("Examples")
    assert examples
    assert " ".join(command) in " ".join(shown.split())


def test_exit_codes_are_documented(run: Any) -> None:
    assert "Exit codes: 0 done" in run("--help").stdout


def test_it_is_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "panda_infra", "nonsense"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "No such command" in done.stderr
