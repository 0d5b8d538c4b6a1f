"""Comments on a request at both forges."""

from __future__ import annotations

from panda_infra.review.comment import marked_stack, marker
from tests.support import forge as forges
from tests.unit.clients.forges.conftest import content, forge

__all__ = ["REQUEST", "commented", "content", "forge", "texts"]

REQUEST = 12


def commented(content: forges.Content, *stacks: str) -> None:
    """Give the request somebody's comment and one on the preview of each stack."""
    bodies = ["somebody's words", *(f"{marker(stack)}\nas previewed" for stack in stacks)]
    content.comments[REQUEST] = [{"id": 1 + n, "body": body} for n, body in enumerate(bodies)]


def texts(content: forges.Content) -> dict[str, str]:
    """The request's comments on stacks."""
    bodies = [each["body"] for each in content.comments[REQUEST]]
    return {stack: body for body in bodies if (stack := marked_stack(body))}
