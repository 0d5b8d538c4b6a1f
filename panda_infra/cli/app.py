"""The application: which commands there are."""

from __future__ import annotations

import typer

from panda_infra.cli.adopt import adopt_
from panda_infra.cli.check import check
from panda_infra.cli.cric import cric
from panda_infra.cli.destroy import destroy
from panda_infra.cli.dry_run import PASSTHROUGH, dry_run
from panda_infra.cli.errors import EXIT_CODES, Group
from panda_infra.cli.expired import expired
from panda_infra.cli.explain import explain
from panda_infra.cli.graph import graph
from panda_infra.cli.hand_over import hand_over
from panda_infra.cli.import_ import import_
from panda_infra.cli.init import init
from panda_infra.cli.kubeconfig import kubeconfig
from panda_infra.cli.plan_changes import plan_changes
from panda_infra.cli.rehearse import rehearse
from panda_infra.cli.residue import residue
from panda_infra.cli.review import app as review
from panda_infra.cli.secret_values.audit import audit
from panda_infra.cli.secret_values.change import rotate, set_value
from panda_infra.cli.secret_values.render import render
from panda_infra.cli.status import status

__all__ = ["PROGRAM", "app", "main"]

PROGRAM = "panda-infra"
"""What a person types, by the script of that name in the virtualenv."""

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

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="PanDA on Kubernetes as one Pulumi program: stacks, their configuration and their secrets.",
    epilog=EXIT_CODES,
)
app.command()(init)
app.command("import")(import_)
app.command("adopt")(adopt_)
app.command("hand-over")(hand_over)
app.command()(check)
app.command()(explain)
app.command()(graph)
app.command(context_settings=PASSTHROUGH)(dry_run)
app.command()(plan_changes)
app.command()(rehearse)
app.add_typer(review, name="review")
app.command()(status)
app.command()(kubeconfig)
app.command()(destroy)
app.command()(residue)
app.command()(expired)
app.add_typer(secrets, name="secrets")
app.add_typer(cric, name="cric")


def main() -> None:
    """Run the program as a command line; the shell completes it after `panda-infra --install-completion`."""
    app(prog_name=PROGRAM)
