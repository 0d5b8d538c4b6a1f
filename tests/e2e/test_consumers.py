"""PanDA's own software reads what the program makes: see testbed/consumers."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.charts import FIXTURES
from testbed.consumers import deployed, run
from testbed.consumers.registry import CONSUMERS
from testbed.consumers.sandbox import Check
from tests.support.consumers import STACKS, complete
from tools.errors import ToolsError

pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module", params=STACKS)
def checks(request: pytest.FixtureRequest) -> list[Check]:
    """What was tried on every consumer of a stack."""
    if reason := run.obstacle():
        pytest.skip(reason)
    checkout: Path | None = request.config.getoption("--upstream-charts")
    config = complete(request.param)
    objects = deployed.rendered("local", config, checkout / "helm" if checkout else FIXTURES)
    try:
        return run.run(objects, config)
    except ToolsError as error:
        pytest.skip(f"a package is not to be had: {error}")


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_consumer_reads_what_the_program_makes(consumer: str, checks: list[Check]) -> None:
    own = [each for each in checks if each.consumer == consumer]
    assert own, "the stack has everything"
    skipped = [each.what for each in own if each.skipped]
    assert [f"{each.what}: {each.detail}" for each in own if not each.passed] == []
    if len(skipped) == len(own):
        pytest.skip("; ".join(skipped))
