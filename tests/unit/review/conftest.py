"""Both forges, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panda_infra.clients.forges.forge import Forge
from panda_infra.clients.forges.github import GitHub
from panda_infra.clients.forges.gitlab import GitLab
from panda_infra.review.comment import marked_stack, marker
from tests.support import forge as forges

REQUEST = 12


@pytest.fixture
def content() -> Iterator[forges.Content]:
    with forges.running() as running:
        yield running


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, content: forges.Content) -> Forge:
    if request.param == "github":
        return GitHub(content.url, "o/r", forges.TOKEN)
    return GitLab(content.url, "7", forges.TOKEN)


def commented(content: forges.Content, *stacks: str) -> None:
    """Give the request somebody's comment and one on the preview of each stack."""
    bodies = ["somebody's words", *(f"{marker(stack)}\nas previewed" for stack in stacks)]
    content.comments[REQUEST] = [{"id": 1 + n, "body": body} for n, body in enumerate(bodies)]


def texts(content: forges.Content) -> dict[str, str]:
    """The request's comments on stacks."""
    bodies = [each["body"] for each in content.comments[REQUEST]]
    return {stack: body for body in bodies if (stack := marked_stack(body))}
