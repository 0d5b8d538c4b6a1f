"""`residue`: lists the objects that are left of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from panda_infra.cli.output import JsonFlag, show_json
from panda_infra.cli.reached import ClusterGoneFlag, owned, reached, where
from panda_infra.cli.stack_argument import StackArgument
from panda_infra.errors import PandaInfraError
from panda_infra.plan.model import Plan

if TYPE_CHECKING:
    from panda_infra.teardown.residue import Leftover

__all__ = ["report", "residue", "unseen"]


def residue(
    stack: StackArgument,
    cluster_gone: ClusterGoneFlag = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds that volumes and servers may still take to go.")
    ] = 0,
    as_json: JsonFlag = False,
) -> None:
    """List by name the objects left of a destroyed stack in Kubernetes and OpenStack. Exit code 1 if there are any.

    It searches for the names that follow from the stack file, not for the objects in the engine's state. Objects of
    others, in a namespace or cluster that the stack adopted or was refused, are listed as not ours and do not count.

    **Examples**

    - `residue atlas-testbed`
    - `residue atlas-testbed --wait 60 --json`
    """
    from panda_infra.teardown.destroy import settled_residue  # noqa: PLC0415 - clients that others need not load

    plan, secrets = owned(stack)
    access = reached(plan, secrets, gone=cluster_gone)
    if access.leads_nowhere:
        raise PandaInfraError(
            f"{unseen(plan)}, and nothing of the stack is anywhere else: there is nothing to look at"
        )
    found = settled_residue(plan, access, wait)
    if as_json:
        show_json([asdict(leftover) for leftover in found])
    else:
        report(stack, found)
    if any(leftover.ours for leftover in found):
        raise typer.Exit(1)


def report(stack: str, found: Sequence[Leftover]) -> None:
    """Print the objects that are left, or that nothing is left."""
    for leftover in found:
        how = "left" if leftover.ours else "not ours" if leftover.seen else "not looked at"
        typer.echo(f"{how}: {leftover}")
    if not any(leftover.ours for leftover in found):
        limit = "" if all(leftover.seen for leftover in found) else " of what this user may look at"
        typer.echo(f"{stack}: nothing is left{limit}")


def unseen(plan: Plan) -> str:
    """A message that the cluster could not be searched, because its address does not answer."""
    return f"{plan.stack}: nothing was looked at in the {where(plan)}: its address does not answer"
