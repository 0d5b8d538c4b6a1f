"""`promote`: writes the charts and images of one stack into the file of another one."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_infra.cli.output import JsonFlag, warn
from panda_infra.cli.pin import DryRunFlag, write_values
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.pins.promotion import promotion

__all__ = ["promote"]


def promote(
    stack: StackArgument,
    target: Annotated[
        str, typer.Option("--to", metavar="STACK", help="Stack that gets the charts and images.")
    ],
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the charts and images of a tried stack into the file of another one; nothing else changes.

    Each is pinned by its digest, so that the other stack runs the very same content; `pin` writes the digests. An
    image keeps the registry of its site. Components that only one of both stacks has stay as they are. Commit the
    change and let it be reviewed like any other.

    **Examples**

    - `promote staging --to prod`
    - `promote staging --to prod --dry-run`
    """
    here = project()
    if stack == target:
        raise PandaInfraError(f"--to {target}: name another stack than the one that was tried")
    tried, loaded = here.load(stack), here.load(target)
    made = promotion(tried.config, loaded.config, stack)
    if made.problems:
        raise StackError(loaded.source, made.problems)
    for key, why in made.left.items():
        warn(f"{key} stays: it {why}")
    write_values(here, target, made.values, dry_run=dry_run, as_json=as_json)
