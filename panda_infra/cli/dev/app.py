"""The group of commands `dev`."""

from __future__ import annotations

import typer

from panda_infra.cli.dev.down import down
from panda_infra.cli.dev.listing import list_
from panda_infra.cli.dev.up import up
from panda_infra.cli.dev.workflow import workflow
from panda_infra.cli.errors import Group

__all__ = ["app"]

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Namespaces of developers on the cluster of another stack: up, list, down, workflow.",
    rich_markup_mode="markdown",
)
app.command()(up)
app.command("list")(list_)
app.command()(down)
app.command()(workflow)
