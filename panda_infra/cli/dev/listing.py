"""`dev list`: the developers' stacks with their owners, ages, ends and health."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import asdict
from datetime import UTC, date, datetime

import typer

from panda_infra.cli.output import JsonFlag, results, show_json, table
from panda_infra.cli.stack_argument import project
from panda_infra.ends import span

__all__ = ["list_"]


def list_(as_json: JsonFlag = False) -> None:
    """List the developers' stacks of this project: owner, age, last day, and whether their pods are ready.

    Exit code 1 if one is over although it is deployed, is not healthy, or cannot be looked at.

    **Examples**

    - `dev list`
    - `dev list --json`
    """
    from panda_infra.live.developers import overview  # noqa: PLC0415 - clients that other commands need not load

    here, now = project(), datetime.now(UTC)
    with chdir(here.folder):
        found = overview(here, now.date())
    if as_json:
        show_json([asdict(each) | {"healthy": each.is_healthy} for each in found])
    elif not found:
        results.print("no developer has a stack here: `python -m panda_infra dev up NAME` makes one")
    else:
        shown = table("name", "owner", "on the cluster of", "age", "last day", "health")
        for each in found:
            age = span(now - each.created) if each.created else "-"
            shown.add_row(
                each.name, each.owner, each.parent, age, _end(each.expires, over=each.over), each.health
            )
        results.print(shown)
    if not all(each.is_healthy for each in found):
        raise typer.Exit(1)


def _end(day: date, *, over: bool) -> str:
    return f"[red]{day.isoformat()}, over[/]" if over else day.isoformat()
