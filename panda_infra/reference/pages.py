"""Which files of docs/ are made, and from what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from panda_infra.cli.drawing.cards import picture
from panda_infra.cli.drawing.svg import svg
from panda_infra.config import schema
from panda_infra.config.load import from_file
from panda_infra.plan.make import make_plan
from panda_infra.reference.commands import commands
from panda_infra.reference.configuration import configuration
from panda_infra.reference.refusals import refusals

__all__ = ["DOCS", "PAGES", "write"]

DOCS = schema.FOLDER
_DRAWN = "local"  # the stack with every component


def _drawing() -> str:
    file: Path = DOCS.parent / f"Pulumi.{_DRAWN}.yaml"
    return svg(picture(make_plan(_DRAWN, from_file(file).config)))


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "configuration.md": configuration,
    "local.svg": _drawing,
    "refusals.md": refusals,
    **{name: partial(schema.text, name) for name in schema.SCHEMAS},
}
"""The text of each file by its name in docs/."""


def write() -> None:
    """Writes all of them."""
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), encoding="utf-8")
