"""The arguments that name a stack, completed by the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panda_infra.errors import PandaInfraError
from panda_infra.stacks.project import Project, find_project

__all__ = ["StackArgument", "StacksArgument", "project"]


def project() -> Project:
    """The project of the current folder."""
    return find_project(Path.cwd())


def _complete(incomplete: str) -> list[str]:
    try:
        return [stack for stack in project().stacks if stack.startswith(incomplete)]
    except PandaInfraError:
        return []


_HELP = "Name of the stack: STACK of Pulumi.STACK.yaml."
StackArgument = Annotated[str, typer.Argument(metavar="STACK", help=_HELP, autocompletion=_complete)]
StacksArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[STACK]...", help="Stacks; all if none.", autocompletion=_complete),
]
