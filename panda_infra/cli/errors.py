"""Prints errors that the user can correct as messages, without a traceback."""

from __future__ import annotations

import errno
from typing import Any

import typer
from typer.core import TyperGroup

from panda_infra.cli.output import talk
from panda_infra.errors import PandaInfraError

__all__ = ["EXIT_CODES", "INCOMPLETE", "Group", "group"]

INCOMPLETE = 3

EXIT_CODES = """\
Exit codes: 0 done, nothing wrong. 1 refused, or something is missing, expired or wrong, which the text names. \
2 the command line itself is wrong. 3 done, what was given and made is stored, but something is still missing in the \
stack (`init`, `import`, `adopt`), only what the site knows is missing (`check`), or something could not be asked \
(`verify`)."""


class Group(TyperGroup):
    """A group of commands that prints errors without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except PandaInfraError as error:
            talk.print(f"error: {error}", markup=False)
            raise typer.Exit(1) from None
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            talk.print(
                f"error: {error.filename or 'the result'} cannot be written: {error.strerror}", markup=False
            )
            raise typer.Exit(1) from None


def group(help_: str) -> typer.Typer:
    """A new group, to which its module adds the commands."""
    return typer.Typer(cls=Group, no_args_is_help=True, help=help_, rich_markup_mode="markdown")
