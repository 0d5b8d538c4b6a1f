"""The application with all its commands."""

from __future__ import annotations

import typer

from panda_infra.cli.adopt import adopt_
from panda_infra.cli.backup import app as backup
from panda_infra.cli.backup import restore
from panda_infra.cli.check import check
from panda_infra.cli.cric import cric
from panda_infra.cli.destroy import destroy
from panda_infra.cli.dev.down import down
from panda_infra.cli.dev.listing import list_
from panda_infra.cli.dev.up import up
from panda_infra.cli.dev.workflow import workflow
from panda_infra.cli.dry_run import PASSTHROUGH, dry_run
from panda_infra.cli.errors import EXIT_CODES, Group, group
from panda_infra.cli.expired import expired
from panda_infra.cli.explain import explain
from panda_infra.cli.failover import failover
from panda_infra.cli.graph import graph
from panda_infra.cli.hand_over import hand_over
from panda_infra.cli.import_ import import_
from panda_infra.cli.init import init
from panda_infra.cli.kubeconfig import kubeconfig
from panda_infra.cli.pin import pin
from panda_infra.cli.plan_changes import plan_changes
from panda_infra.cli.promote import promote
from panda_infra.cli.provenance import app as provenance
from panda_infra.cli.recover_nodes import recover_nodes
from panda_infra.cli.rehearse import rehearse
from panda_infra.cli.residue import residue
from panda_infra.cli.review import app as review
from panda_infra.cli.secret_values.audit import audit
from panda_infra.cli.secret_values.change import rotate, set_value
from panda_infra.cli.secret_values.render import render
from panda_infra.cli.status import status
from panda_infra.cli.verify import verify
from panda_infra.cli.version import Version
from panda_infra.cli.who_runs import who_runs

__all__ = ["PROGRAM", "app", "main"]

PROGRAM = "python -m panda_infra"
"""The program in pages and messages: this command works in every virtualenv with the locked packages."""

secrets = group("What is secret in a stack: audit, set, rotate, render.")
secrets.command()(audit)
secrets.command("set")(set_value)
secrets.command()(rotate)
secrets.command()(render)

dev = group("Namespaces of developers on the cluster of another stack: up, list, down, workflow.")
dev.command()(up)
dev.command("list")(list_)
dev.command()(down)
dev.command()(workflow)


def _options(*, version: Version = False) -> None:
    """PanDA on Kubernetes as one Pulumi program: stacks, their configuration and their secrets."""


def _made(*, completed: bool) -> typer.Typer:
    made = typer.Typer(
        cls=Group,
        no_args_is_help=True,
        add_completion=completed,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        epilog=EXIT_CODES,
    )
    made.callback()(_options)
    made.command()(init)
    made.command("import")(import_)
    made.command("adopt")(adopt_)
    made.command("hand-over")(hand_over)
    made.command()(check)
    made.command()(explain)
    made.command()(graph)
    made.command(context_settings=PASSTHROUGH)(dry_run)
    made.command()(plan_changes)
    made.command()(pin)
    made.command()(promote)
    made.command("who-runs")(who_runs)
    made.add_typer(provenance, name="provenance")
    made.command()(rehearse)
    made.add_typer(review, name="review")
    made.command()(status)
    made.command()(verify)
    made.command()(kubeconfig)
    made.command("recover-nodes")(recover_nodes)
    made.add_typer(backup, name="backup")
    made.command()(restore)
    made.command()(failover)
    made.command()(destroy)
    made.command()(residue)
    made.command()(expired)
    made.add_typer(dev, name="dev")
    made.add_typer(secrets, name="secrets")
    made.add_typer(cric, name="cric")
    return made


app = _made(completed=False)


def main() -> None:
    """Run the program as the script `panda-infra`, which has shell completion after `--install-completion`."""
    _made(completed=True)(prog_name="panda-infra")
