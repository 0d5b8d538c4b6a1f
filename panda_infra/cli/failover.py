"""`failover`: has the stack that stands by take over from the active one."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_infra.cli.output import line, say
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.cli.verify import verify
from panda_infra.clients.pulumi.cli import find_pulumi
from panda_infra.errors import PandaInfraError

__all__ = ["failover"]

_HALF_AN_HOUR = 1800.0


def failover(
    stack: StackArgument,
    to: Annotated[str, typer.Option("--to", metavar="STACK", help="The stack that takes over.")],
    fenced: Annotated[
        bool,
        typer.Option(
            "--fenced", help="STACK does not answer: I have seen to it that nothing of it works any more."
        ),
    ] = False,
    databases_promoted: Annotated[
        bool,
        typer.Option(
            "--databases-promoted", help="The site has promoted its own databases in the other data centre."
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option("--wait", metavar="SECONDS", help="Longest time to wait for anything of one step."),
    ] = _HALF_AN_HOUR,
) -> None:
    """Let the other stack of a pair take over: fence this one, promote the databases, start the services, verify.

    Both stack files are changed, and both stacks deployed by the engine, so that the next `pulumi up` of either agrees
    and changes nothing; commit the files afterwards. Each step is printed with what was found. One that was done before
    is skipped: start the command again if it was killed or a step has failed. The way back is the same command with the
    stacks exchanged. Refused if STACK does not answer, unless --fenced confirms that it is off. Exit codes are those of
    `verify`.

    **Examples**

    - `failover doma --to doma-2`
    - `failover doma --to doma-2 --fenced` after the loss of a data centre
    - `failover doma-2 --to doma` to go back
    """
    from panda_infra.failover.site import SiteByEngine  # noqa: PLC0415 - clients that others need not load
    from panda_infra.failover.steps import Failover, Word  # noqa: PLC0415 - likewise

    here = project()
    if stack == to:
        raise PandaInfraError(f"--to {to}: name another stack than the one that is to be replaced")
    for each in (stack, to):
        here.load(each)
    pulumi = find_pulumi(here.folder)
    old, new = (SiteByEngine(here, pulumi, name, say) for name in (stack, to))
    Failover(old, new, Word(fenced, databases_promoted), wait, line).run()
    line(f"7. verify {to}")
    verify(to)
