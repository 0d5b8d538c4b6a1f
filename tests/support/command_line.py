"""The program's command line in this process: to start Python anew would take longer than most commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any
from unittest import mock

import typer
from typer.testing import CliRunner, Result

from panda_infra.cli.app import app

__all__ = ["every_command", "run_in"]


def run_in(folder: Path, environment: Mapping[str, str], *arguments: str, stdin: bytes = b"") -> Result:
    """`python -m panda_infra` in a project folder."""
    with chdir(folder), mock.patch.dict(os.environ, environment):
        return CliRunner().invoke(app, list(arguments), input=stdin)


def every_command() -> set[str]:
    """The names of all commands, those of groups behind the names of their groups."""
    top: Any = typer.main.get_command(app)
    return {
        f"{name} {sub}".strip()
        for name, command in top.commands.items()
        for sub in getattr(command, "commands", {"": None})
    }
