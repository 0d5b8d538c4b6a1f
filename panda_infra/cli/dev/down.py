"""`dev down`: removes a developer's stack, its state and its file."""

from __future__ import annotations

import typer

from panda_infra.cli.destroy import FreeAfterOption, YesFlag, remove
from panda_infra.cli.dev.options import NameArgument
from panda_infra.cli.output import line
from panda_infra.cli.reached import ClusterGoneFlag
from panda_infra.cli.stack_argument import project
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.developers.names import name_of
from panda_infra.developers.parents import developer_stack
from panda_infra.stacks.replace import former

__all__ = ["down"]


def down(
    name: NameArgument,
    yes: YesFlag = False,
    cluster_gone: ClusterGoneFlag = False,
    free_after: FreeAfterOption = None,
) -> None:
    """Destroy a developer's stack, prove that nothing is left, and remove its state and its file with its secrets.

    Exit code 1 if something is left; state and file stay then.

    **Examples**

    - `dev down alice`
    - `dev down alice --yes --free-after 60` when its namespace hangs in Terminating
    """
    who, here = name_of(name), project()
    developer_stack(here, who)
    pulumi = find_pulumi(here.folder)
    if pulumi.has(who.stack):
        if pulumi.resource_count(who.stack):
            remove(who.stack, yes=yes, cluster_gone=cluster_gone, free_after=free_after)
        else:
            _confirm(who.stack, yes=yes)
        pulumi.run("stack", "rm", who.stack, "--yes", "--preserve-config")
    file = here.file(who.stack)
    for each in (former(file), file):
        each.unlink(missing_ok=True)
    line(f"stack {who.stack} is gone, with its state and {file.name}")


def _confirm(stack: str, *, yes: bool) -> None:
    """Ask before the file of a stack that was never deployed goes with its secrets."""
    if not yes:
        typer.confirm(f"{stack} is not deployed. Remove its file with its secrets?", abort=True, err=True)
