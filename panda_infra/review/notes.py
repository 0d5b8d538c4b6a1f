"""Comments of a merge request on stacks without a preview."""

from __future__ import annotations

from panda_infra.review.comment import fenced, marker

__all__ = ["no_preview", "removed", "untouched"]


def untouched(stack: str) -> str:
    """The note on a stack that an earlier push changed and the newest does not."""
    return (
        f"{marker(stack)}\n### Stack `{stack}`: no change any more\n\n"
        "An earlier push changed what is deployed for this stack; as the request is now, it does not.\n"
    )


def removed(stack: str, base: str) -> str:
    """The note on a stack whose file is removed; ``base`` is a commit that still has it."""
    return (
        f"{marker(stack)}\n### Stack `{stack}`: its file is removed\n\n"
        "**A merge destroys nothing.** What is deployed of this stack would stay, and nothing would update it, watch "
        "it for drift or remove it any more. Destroy it before the merge, from a commit that has its file:\n\n"
        f"    git switch --detach {base}\n"
        f"    python -m panda_infra destroy {stack}\n\n"
        "A protected stack refuses that until its file has `protect: false` and that is deployed.\n"
    )


def no_preview(stack: str, why: str, commit: str = "") -> str:
    """The note on a stack whose preview did not begin, or could not be kept."""
    of = f" of {commit}" if commit else ""
    return (
        f"{marker(stack)}\n### Stack `{stack}`: the preview did not begin\n\n"
        f"There is nothing to review{of}, and a merge deploys nothing of this stack.\n\n{fenced(why)}\n"
    )
