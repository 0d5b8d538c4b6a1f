"""The program's command line in this process: to start Python anew would take longer than most commands."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from unittest import mock

from typer.testing import CliRunner, Result

from panda_infra.cli.app import app

__all__ = ["run_in"]


def run_in(folder: Path, environment: Mapping[str, str], *arguments: str, stdin: bytes = b"") -> Result:
    """`python -m panda_infra` in a project folder."""
    with chdir(folder), mock.patch.dict(os.environ, environment):
        return CliRunner().invoke(app, list(arguments), input=stdin)
