"""Shared by the commands that ask a stack questions: the file with the results, colours and exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panda_infra.cli.errors import INCOMPLETE

if TYPE_CHECKING:
    from panda_infra.verify.results import Result

__all__ = ["JunitOption", "coloured", "conclude"]

JunitOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write the results as JUnit's XML to this file.")
]
_COLOURS = {
    "ok": "green",
    "failed": "red",
    "skipped": "yellow",
    "verified": "green",
    "verified in part": "yellow",
    "not verified": "yellow",
    "no check": "yellow",
}


def coloured(word: str) -> str:
    """A result or a verdict in its colour, as a cell of a table."""
    return f"[{_COLOURS[word]}]{word}[/]"


def conclude(found: Sequence[Result]) -> None:
    """End the command.

    Raises:
        typer.Exit: with code 1 if something has failed, 3 if nothing has but something could not be asked.
    """
    if any(result.outcome == "failed" for result in found):
        raise typer.Exit(1)
    if any(result.is_unknown for result in found):
        raise typer.Exit(INCOMPLETE)
