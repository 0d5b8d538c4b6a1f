"""`residue`: what is left of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from panda_infra.cli.output import JsonFlag, show_json
from panda_infra.cli.reached import ClusterGoneFlag, planned, reached
from panda_infra.cli.stack_argument import StackArgument

if TYPE_CHECKING:
    from panda_infra.teardown.residue import Leftover

__all__ = ["report", "residue"]


def residue(
    stack: StackArgument,
    cluster_gone: ClusterGoneFlag = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds that volumes and servers may still take to go.")
    ] = 0,
    as_json: JsonFlag = False,
) -> None:
    """List by name what is left of a destroyed stack in Kubernetes and in OpenStack. Exit code 1 if anything.

    It looks for the names that the stack file gives, not for what the engine's state says.

    **Examples**

    - `residue atlas-testbed`
    - `residue atlas-testbed --wait 60 --json`
    """
    from panda_infra.teardown.destroy import settled_residue  # noqa: PLC0415 - clients that others need not load

    plan = planned(stack)
    found = settled_residue(plan, reached(plan, gone=cluster_gone), wait)
    if as_json:
        show_json([asdict(leftover) for leftover in found])
    else:
        report(stack, found)
    if found:
        raise typer.Exit(1)


def report(stack: str, found: Sequence[Leftover]) -> None:
    """Tell what is left, or that nothing is."""
    for leftover in found:
        typer.echo(f"left: {leftover}")
    if not found:
        typer.echo(f"{stack}: nothing is left")
