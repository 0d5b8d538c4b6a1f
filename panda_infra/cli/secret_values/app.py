"""The group of commands `secrets`."""

from __future__ import annotations

import typer

from panda_infra.cli.errors import Group
from panda_infra.cli.secret_values.audit import audit
from panda_infra.cli.secret_values.change import rotate, set_value
from panda_infra.cli.secret_values.render import render

__all__ = ["secrets"]

secrets = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="What is secret in a stack: audit, set, rotate, render.",
    rich_markup_mode="markdown",
)
secrets.command()(audit)
secrets.command("set")(set_value)
secrets.command()(rotate)
secrets.command()(render)
