"""`destroy`: removes a test stack and proves that nothing is left."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_infra.cli.output import say
from panda_infra.cli.reached import ClusterGoneFlag, owned, reached, where
from panda_infra.cli.residue import report, unseen
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.errors import PandaInfraError
from panda_infra.state.recorded import Recorded

__all__ = ["FreeAfterOption", "YesFlag", "destroy", "remove"]

YesFlag = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
FreeAfterOption = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="Take the finalizers from objects that wait for them this long: their controllers are gone.",
    ),
]


def destroy(
    stack: StackArgument,
    yes: YesFlag = False,
    cluster_gone: ClusterGoneFlag = False,
    free_after: FreeAfterOption = None,
) -> None:
    """Destroy a test stack by `pulumi destroy`, then prove that nothing is left of it.

    Also works after a cluster, a release or a controller was removed by hand. Protected stacks are refused.

    **Examples**

    - `destroy dev`
    - `destroy dev --free-after 60` when a namespace hangs in Terminating
    - `destroy dev --cluster-gone` when the cluster was deleted by hand
    """
    remove(stack, yes=yes, cluster_gone=cluster_gone, free_after=free_after)


def remove(stack: str, *, yes: bool, cluster_gone: bool = False, free_after: float | None = None) -> None:
    """Destroy a stack and report the objects that are left.

    Raises:
        PandaInfraError: the stack is protected, the user declines, or the engine fails.
        typer.Exit: something is left.
    """
    from panda_infra.teardown import destroy as teardown  # noqa: PLC0415 - clients that others need not load

    plan, secrets = owned(stack)
    teardown.refuse_protected(plan)
    access = reached(plan, secrets, gone=cluster_gone)
    pulumi = find_pulumi(project().folder)
    say(f"stack {stack}: {where(plan)}; {_releases(pulumi.recorded(stack))}")
    if (
        not yes
        and typer.prompt(f"All of it will be deleted. Type the stack's name to go on ({stack})") != stack
    ):
        raise PandaInfraError("that is not its name: nothing was changed")
    teardown.destroy(plan, access, pulumi, say, free_after=free_after)
    if access.leads_nowhere:
        typer.echo(
            f"{unseen(plan)}. What the stack had there is forgotten, not deleted; if the cluster comes back, "
            f"`python -m panda_infra residue {stack}` lists it"
        )
        return
    found = teardown.settled_residue(plan, access)
    report(stack, found)
    if any(leftover.ours for leftover in found):
        raise typer.Exit(1)
    file = project().file(stack).name
    say(
        f"{file} stays, with its secrets, for the next `pulumi up`. `pulumi stack rm {stack}` would delete it; with "
        "`--preserve-config` it removes only the stack's history"
    )


def _releases(before: Recorded) -> str:
    """The releases that the engine would uninstall, which may be fewer than in the stack file."""
    names = sorted(release.name for release in before.releases.values())
    return f"releases {', '.join(names)}" if names else "its state has no release"
