"""docs/stacks: one page for each stack file, and a list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from panda_infra.stacks.page import page
from panda_infra.stacks.project import Project

__all__ = ["FOLDER", "stack_pages"]

FOLDER = "stacks"


def stack_pages(project: Project) -> Mapping[str, str]:
    """The text of each file that is generated from the stack files, by its name in docs/.

    Raises:
        StackError: a stack file is invalid.
    """
    pages = {f"{FOLDER}/{stack}.md": _page(project, stack) for stack in project.stacks}
    pages[f"{FOLDER}/README.md"] = _list(project.stacks)
    return pages


def _list(stacks: Sequence[str]) -> str:
    lines = [f"- [{stack}]({stack}.md)" for stack in stacks]
    return "\n".join(["<!-- Made by `make docs` from the stack files. -->", "# Stacks", "", *lines, ""])


def _page(project: Project, stack: str) -> str:
    file = project.file(stack).name
    return f"<!-- Made by `make docs` from {file} and its site's file. -->\n{page(project, stack)}"
