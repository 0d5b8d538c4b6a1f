"""docs/commands.md: every command of the program with its options, as typer describes them."""

from __future__ import annotations

import typer
from typer.cli import get_docs_for_click

from panda_infra.cli.app import PROGRAM, app
from panda_infra.reference.markdown import MADE

__all__ = ["commands"]

_INTRODUCTION = f"""\
# Commands

All of them run in the checkout, with its virtualenv on PATH ([develop.md](develop.md#the-tools)). The examples leave
the beginning `{PROGRAM}` out. In the virtualenv of `make venv`, `panda-infra` is short for it, and your shell completes
commands, options and names of stacks after `panda-infra --install-completion`.

Results go to standard output, all else to standard error. No command shows a secret value, but
`secrets render`, which writes them to files.
"""


def commands() -> str:
    """The page."""
    top = typer.main.get_command(app)
    described = get_docs_for_click(obj=top, ctx=typer.Context(top), indent=1, name=PROGRAM)
    return f"{MADE}\n{_INTRODUCTION}\n{described.rstrip()}\n"
