"""Updates a merge request's comments on stacks that its newest push does not preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from panda_infra.clients.forges.forge import Forge
from panda_infra.review import comment, notes
from panda_infra.review.compare import StackChange

__all__ = ["tidy", "tidy_all"]


def tidy(forge: Forge, request: int, changes: Sequence[StackChange], base: str) -> tuple[str, ...]:
    """Update a request's comments on stacks that it does not preview; returns these stacks.

    Args:
        forge: of the request.
        request: its number.
        changes: the changed stacks.
        base: a commit without the request's changes.
    """
    gone = [change.stack for change in changes if change.kind == "removed"]
    former = _commented(forge, request) - {change.stack for change in changes}
    texts = {stack: notes.removed(stack, base) for stack in gone}
    texts |= {stack: notes.untouched(stack) for stack in sorted(former)}
    return _commented_with(forge, request, texts)


def tidy_all(forge: Forge, request: int, why: str) -> tuple[str, ...]:
    """Replace each of a request's comments by the reason why there is no preview; returns their stacks."""
    stacks = sorted(_commented(forge, request))
    return _commented_with(forge, request, {stack: notes.no_preview(stack, why) for stack in stacks})


def _commented(forge: Forge, request: int) -> set[str]:
    return {stack for text in forge.comments(request) if (stack := comment.marked_stack(text))}


def _commented_with(forge: Forge, request: int, texts: Mapping[str, str]) -> tuple[str, ...]:
    for stack, text in texts.items():
        forge.comment(request, comment.marker(stack), text)
    return tuple(texts)
