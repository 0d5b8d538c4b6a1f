"""`graph`: draws a stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.drawing import mermaid, picture
from panda_infra.cli.output import write
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.plan.make import make_plan

__all__ = ["graph"]


def graph(
    stack: StackArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File instead of standard output.")
    ] = None,
) -> None:
    """Draw a stack: components in the order of deployment, with their hosts and Secrets.

    The output is Mermaid, which GitHub and GitLab draw in a Markdown page between lines of three backquotes.

    **Examples**

    - `graph doma`
    - `graph doma --output doma.mmd`
    """
    loaded = project().load(stack)
    text = mermaid(picture(make_plan(stack, loaded.config)))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write(output, text)
