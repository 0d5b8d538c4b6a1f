"""The option `--version`: the release of this checkout, from the tags of git."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panda_infra.cli.output import line, talk
from panda_infra.clients.programs import run
from panda_infra.errors import PandaInfraError

__all__ = ["Version", "version_of"]

_CHECKOUT = Path(__file__).resolve().parents[2]
_TAGS = "v[0-9]*"


def version_of(checkout: Path) -> str:
    """The version of a checkout: that of the newest release's tag, with the number of commits since then.

    Raises:
        PandaInfraError: the folder is no checkout, or git cannot read it.
    """
    # Git itself would search the folders above, whose repository may be that of another program.
    if not (checkout / ".git").exists():
        raise PandaInfraError(
            f"{checkout} is no checkout of git, so its version is not known: use one that `git clone` has made"
        )
    described = run(("git", "describe", "--tags", "--match", _TAGS, "--always", "--dirty"), folder=checkout)
    if described.code:
        raise PandaInfraError(f"git cannot name the version of {checkout}: {described.last_error}")
    text = described.text.strip()
    return text.removeprefix("v") if text.startswith("v") else f"{text} (before the first release)"


def _print(given: bool) -> None:
    if not given:
        return
    try:
        line(f"panda-infra {version_of(_CHECKOUT)}")
    except PandaInfraError as error:
        # The option ends the program before its group, which prints the errors of commands, is run.
        talk.print(f"error: {error}", markup=False)
        raise typer.Exit(1) from None
    raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print, is_eager=True, help="Print the version, and end.")
]
