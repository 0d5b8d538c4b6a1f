"""The software of DPPS' fixtures starts with what the stack makes, and does what their interfaces promise."""

from __future__ import annotations

import pytest

from testbed.consumers import distribution
from testbed.consumers.registry import FIXTURES_OF_CTAO
from testbed.consumers.sandbox import Check
from tests.e2e.test_ctao_consumers import complete, of_another_authority, other
from tests.support import asked
from tests.support.real_software import tried
from tools import toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried on each fixture."""
    # The inside of the sandbox builds nothing.
    toolchain.ensure(["registry"])
    config = other(complete(), distribution={"userPassword": distribution.PASSWORD})
    unknown = config.model_copy(update={"secrets": of_another_authority(config)})
    return tried("ctao", config, FIXTURES_OF_CTAO, unknown=unknown)


@pytest.mark.parametrize("fixture", sorted(FIXTURES_OF_CTAO))
def test_the_fixture_works_with_what_the_program_makes(fixture: str, checks: list[Check]) -> None:
    own = [each for each in checks if each.consumer == fixture]
    assert own
    assert [f"{each.what}: {each.detail}" for each in own if not each.passed] == []
    assert asked.names(own) == asked.ASKED[fixture]
