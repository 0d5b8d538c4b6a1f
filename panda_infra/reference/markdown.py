"""The little Markdown that generated pages need, as GitHub and GitLab show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["MADE", "code", "slug", "table"]

MADE = "<!-- Made by `make docs` from the code. -->"


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def code(text: str) -> str:
    """The text as code; empty for an empty text."""
    return f"`{text}`" if text else ""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, without empty columns."""
    kept = [index for index in range(len(header)) if any(row[index] for row in rows)]
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(_cell(row[index]) for index in kept)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
