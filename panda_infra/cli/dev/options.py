"""The argument that names a developer, completed by the shell."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_infra.cli.stack_argument import project
from panda_infra.errors import PandaInfraError
from panda_infra.plan.developer import PREFIX

__all__ = ["NameArgument"]


def _complete(incomplete: str) -> list[str]:
    try:
        names = [stack.removeprefix(PREFIX) for stack in project().stacks if stack.startswith(PREFIX)]
    except PandaInfraError:
        return []
    return [name for name in names if name.startswith(incomplete)]


NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Developer's name; the stack is called dev-NAME.", autocompletion=_complete
    ),
]
