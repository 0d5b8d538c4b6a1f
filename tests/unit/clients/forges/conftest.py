"""Both forges, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from panda_infra.clients.forges.forge import Forge
from panda_infra.clients.forges.github import GitHub
from panda_infra.clients.forges.gitlab import GitLab
from tests.support import forge as forges


@pytest.fixture
def content() -> Iterator[forges.Content]:
    with forges.running() as running:
        yield running


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, content: forges.Content) -> Forge:
    if request.param == "github":
        return GitHub(content.url, "o/r", forges.TOKEN)
    return GitLab(content.url, "7", forges.TOKEN)
