"""Output of commands: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from panda_infra.ends import moment, span
from panda_infra.errors import PandaInfraError

__all__ = [
    "JsonFlag",
    "alone",
    "end_cell",
    "interactive",
    "line",
    "results",
    "say",
    "show_json",
    "table",
    "talk",
    "warn",
    "write",
]

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Print JSON for other programs instead of text for people.")
]

# A pipe has no width of its own; tables in it should not be squeezed into an old terminal's.
_WIDTH_OF_PIPES = 150
results = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_PIPES)
talk = Console(stderr=True, highlight=False, soft_wrap=True)


def interactive() -> bool:
    """True if standard input is a terminal, so that a person can answer questions."""
    return sys.stdin.isatty()


def line(text: str) -> None:
    """Print a line of a result without wrapping, so that commands in it can be copied."""
    results.print(text, markup=False, soft_wrap=True)


def say(text: str) -> None:
    """Print progress on standard error."""
    talk.print(text, markup=False)


def warn(text: str) -> None:
    """Print a warning on standard error."""
    talk.print(f"warning: {text}", style="yellow", markup=False)


def show_json(value: Any) -> None:
    """Print a result for other programs."""
    typer.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def alone(flag: str, others: Mapping[str, bool]) -> None:
    """Refuse other output flags beside one that defines the whole output.

    Args:
        flag: the given flag, e.g. ``--matrix``.
        others: flags that do not fit with it, and whether each is given.

    Raises:
        BadParameter: one of the others is given.
    """
    if given := [other for other, is_given in others.items() if is_given]:
        raise typer.BadParameter(
            f"{flag} is the whole output, for a workflow: leave out {' and '.join(given)}"
        )


def write(file: Path, text: str) -> None:
    """Write a result to a file and report it.

    Raises:
        PandaInfraError: the file cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PandaInfraError(f"{file} cannot be written: {error.strerror}") from None
    say(f"wrote {file}")


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table in the style of all tables."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=index == 0)
    return made


def end_cell(end: datetime, now: datetime) -> str:
    """An end time as a cell of a table, with the time that is left."""
    if end <= now:
        return f"[red]{moment(end)}, {span(now - end)} ago[/]"
    return f"{moment(end)}, in {span(end - now)}"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")
