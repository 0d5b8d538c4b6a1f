"""`expired`: lists and removes test stacks after their last day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from panda_infra.cli.destroy import remove as remove_stack
from panda_infra.cli.output import JsonFlag, alone, results, say, show_json, table
from panda_infra.cli.stack_argument import StacksArgument, project
from panda_infra.clients.pulumi.cli import Pulumi, PulumiError, find_pulumi
from panda_infra.config.delivery import Lifecycle
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.stacks.project import Project
from panda_infra.teardown.expiry import Expiry, expiries

__all__ = ["expired"]

_FREE_AFTER = 300.0  # seconds; an object that waits longer for a controller will wait for ever


def expired(
    stacks: StacksArgument = None,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Destroy those that are over, without a question: for a schedule."),
    ] = False,
    as_json: JsonFlag = False,
    as_matrix: Annotated[
        bool,
        typer.Option(
            "--matrix", help="Print `stacks=[...]`, those that are over, an output of GitHub's workflows."
        ),
    ] = False,
) -> None:
    """List test stacks with a last day (`lifecycle.expires`). Exit code 1 if one is deployed although it is over.

    With --remove these are destroyed; the exit code is then 1 if something is left of one. Protected stacks have no
    last day. A stack whose file or state is broken is reported and does not block the others. With --matrix only the
    stack files are read, so it needs no access to the state: the list contains stacks that were removed already, and
    the exit code is 1 only for a file with problems.

    **Examples**

    - `expired`
    - `expired --remove` once a day
    - `expired mine --remove` leaves the others alone
    """
    if as_matrix:
        alone("--matrix", {"--json": as_json, "--remove": remove})
    here = project()
    wanted = stacks or here.stacks
    lifecycles = [(stack, lifecycle) for stack in wanted if (lifecycle := _lifecycle(here, stack))]
    broken = len(lifecycles) < len(wanted)
    counts = {} if as_matrix else _counts(find_pulumi(here.folder), [stack for stack, _ in lifecycles])
    broken = broken or not (as_matrix or counts.keys() >= {stack for stack, _ in lifecycles})
    found = expiries(lifecycles, counts, datetime.now(UTC).date())
    if as_matrix:
        typer.echo(f"stacks={json.dumps([expiry.stack for expiry in found if expiry.is_over])}")
        raise typer.Exit(1 if broken else 0)
    if as_json:
        show_json([asdict(expiry) | {"must_go": expiry.must_go} for expiry in found])
    else:
        _show(found)
    over = [expiry.stack for expiry in found if expiry.must_go]
    left = [stack for stack in over if not _removed(stack)] if remove else over
    if left or broken:
        raise typer.Exit(1)


def _lifecycle(here: Project, stack: str) -> Lifecycle | None:
    """A stack's lifecycle; a file with problems does not hide the others."""
    try:
        return here.load(stack).config.lifecycle
    except StackError as error:
        say(str(error))
        return None


def _counts(pulumi: Pulumi, stacks: Iterable[str]) -> dict[str, int]:
    """The number of resources of each stack; one whose state cannot be read is reported and left out."""
    with suppress(PulumiError):
        return dict.fromkeys(stacks, 0) | pulumi.resource_counts()
    counts = {}
    for stack in stacks:
        try:
            counts[stack] = pulumi.resource_count(stack)
        except PulumiError as error:
            say(f"error: {error}")
    return counts


def _removed(stack: str) -> bool:
    """True if the stack was removed; a failure does not block the others."""
    try:
        remove_stack(stack, yes=True, free_after=_FREE_AFTER)
    except PandaInfraError as error:
        say(f"error: {error}")
        return False
    except typer.Exit:
        return False
    return True


def _show(found: list[Expiry]) -> None:
    shown = table("stack", "last day", "state")
    for expiry in found:
        state = "over" if expiry.is_over else "valid"
        resources = f"{expiry.resources} resources" if expiry.resources else "not deployed"
        shown.add_row(expiry.stack, expiry.last_day.isoformat(), f"{state}, {resources}")
    results.print(shown if found else "no stack has a last day")
