"""The issue about a stack's drift: its text, and the next step after a scheduled check."""

from __future__ import annotations

from typing import Literal

from panda_infra.clients.forges.forge import Issue
from panda_infra.review.comment import comment, marker
from panda_infra.review.preview import Preview

__all__ = ["LABEL", "body", "drifted", "next_step", "title"]

LABEL = "drift"
Next = Literal["open", "update", "close", "leave"]


def drifted(preview: Preview) -> bool:
    """Return whether the stack differs from its configuration; an error alone is not a drift."""
    return bool(preview.steps)


def title(stack: str) -> str:
    """The issue's title."""
    return f"Stack {stack} has drifted"


def body(stack: str, preview: Preview, limit: int) -> str:
    """The issue's text."""
    found = comment(stack, preview, limit=limit - 500).text.replace(f"{marker(stack)}\n", "", 1)
    return (
        f"{marker(stack, LABEL)}\nWhat runs differs from the configuration. Deploying would do the following; "
        "if what runs is right, change the configuration instead. This issue is updated by each check and closed "
        f"by the first that finds nothing.\n\n{found}"
    )


def next_step(issue: Issue | None, *, is_drifted: bool, text: str) -> Next:
    """The next step for the open issue (None if there is none) and its new text."""
    if not is_drifted:
        return "close" if issue else "leave"
    if issue is None:
        return "open"
    return "leave" if issue.body == text else "update"
