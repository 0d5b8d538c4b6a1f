"""`graph`: a picture of a stack."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.drawing.cards import picture
from panda_infra.cli.drawing.mermaid import mermaid
from panda_infra.cli.drawing.svg import svg
from panda_infra.cli.output import write
from panda_infra.cli.stack_argument import StackArgument, project
from panda_infra.plan.make import make_plan

__all__ = ["graph"]


class Form(StrEnum):
    """How the picture is written."""

    MERMAID = "mermaid"
    SVG = "svg"


_DRAW = {Form.MERMAID: mermaid, Form.SVG: svg}


def graph(
    stack: StackArgument,
    form: Annotated[Form, typer.Option("--format", "-f", help="What to write.")] = Form.MERMAID,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File instead of standard output.")
    ] = None,
) -> None:
    """Draw a stack: components in the order of deployment, with their hosts and Secrets.

    **Examples**

    - `graph doma` prints Mermaid for a Markdown page
    - `graph doma --format svg --output doma.svg`
    """
    loaded = project().load(stack)
    text = _DRAW[form](picture(make_plan(stack, loaded.config)))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write(output, text)
