"""The generated files of docs/: those from the code, and those from the stack files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from panda_infra.config import schema
from panda_infra.reference.commands import commands
from panda_infra.reference.configuration import configuration
from panda_infra.reference.refusals import refusals
from panda_infra.reference.stack_pages import FOLDER, stack_pages
from panda_infra.stacks.project import Project

__all__ = ["DOCS", "PAGES", "write"]

DOCS = schema.FOLDER

PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands,
    "configuration.md": configuration,
    "refusals.md": refusals,
    **{name: partial(schema.text, name) for name in schema.SCHEMAS},
}
"""Makes the text of each file that depends on the code alone, by its name in docs/."""


def write() -> None:
    """Write all generated files, and remove the pages of stacks that are gone.

    Raises:
        StackError: a stack file is invalid; the pages from the code are written all the same.
    """
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    made = stack_pages(Project(DOCS.parent))
    (DOCS / FOLDER).mkdir(exist_ok=True)
    for name, text in made.items():
        (DOCS / name).write_text(text, encoding="utf-8")
    for file in (DOCS / FOLDER).glob("*.md"):
        if f"{FOLDER}/{file.name}" not in made:
            file.unlink()
