"""`status`: whether a deployed stack works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from panda_infra.cli.output import JsonFlag, results, show_json, table
from panda_infra.cli.reached import planned, reached
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.pulumi import find_pulumi

if TYPE_CHECKING:
    from panda_infra.live.status import Status

__all__ = ["status"]


def status(stack: StackArgument, as_json: JsonFlag = False) -> None:
    """Show a deployed stack: its releases, pods, certificates, and how long the access to the cluster lasts.

    What is wrong is listed with its reason and the command that mends it. Exit code 1 when a release is not deployed or
    stuck, a pod is missing or not ready, an object is not as its release says, or something has expired. No secret is
    shown.

    **Examples**

    - `status doma`
    - `status doma --json` is for a monitor
    """
    from panda_infra.live.status import status_of  # noqa: PLC0415 - clients that other commands need not load

    plan = planned(stack)
    found = status_of(plan, reached(plan))
    problems = [*found.problems(datetime.now(UTC)), *_unfinished(stack)]
    if as_json:
        show_json(asdict(found) | {"problems": problems})
    else:
        _show(stack, found)
        for problem in problems:
            results.print(f"wrong: {problem}", markup=False)
    if problems:
        raise typer.Exit(1)


def _unfinished(stack: str) -> Iterator[str]:
    """What the state says of a run that did not come to its end; nothing where the state cannot be read."""
    try:
        count = find_pulumi(project().folder).unfinished(stack)
    except PandaInfraError:
        return
    if count:
        yield (
            f"the state has {count} operations without an end: a run works on the stack, or was killed; then "
            f"`pulumi cancel --stack {stack}`, `pulumi up --stack {stack}` and "
            f"`pulumi refresh --clear-pending-creates --stack {stack}` mend it"
        )


def _show(stack: str, found: Status) -> None:
    releases = table("release", "component", "status", "revision", "pods ready", title=f"Stack {stack}")
    for release in found.releases:
        colour = "green" if release.is_healthy else "red"
        releases.add_row(
            release.name,
            release.component,
            f"[{colour}]{release.status or 'not there'}[/]",
            str(release.revision or "-"),
            f"{release.ready}/{release.pods}",
        )
    results.print(releases)
    ends = table("certificate", "in Secret", "ends")
    for certificate in found.certificates:
        ends.add_row(certificate.key, certificate.secret, f"{certificate.expires:%Y-%m-%d}")
    if found.access_expires:
        ends.add_row("access to the cluster", "-", f"{found.access_expires:%Y-%m-%d %H:%M}")
    results.print(ends)
