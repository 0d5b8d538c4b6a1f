"""PanDA's own software reads what the program makes: see testbed/consumers."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.charts import FIXTURES
from testbed.consumers import deployed, run
from testbed.consumers.registry import OF_PANDA
from testbed.consumers.sandbox import Check
from tests.support.consumers import STACKS, complete
from tests.support.real_software import real_software

# What a stack has nothing of, or starts only with a database of PanDA's images: those of the site are others.
_EMBEDDED = ("panda", "jedi", "idds")
NONE = {"oracle": ("postgres", *_EMBEDDED), "outside": ("mariadb", *_EMBEDDED)}
pytestmark = [pytest.mark.e2e, pytest.mark.long]


@pytest.fixture(scope="module", params=STACKS)
def checks(request: pytest.FixtureRequest) -> tuple[str, list[Check]]:
    """A stack, and what was tried on every consumer of it."""
    checkout: Path | None = request.config.getoption("--upstream-charts")
    config = complete(request.param)
    objects = deployed.rendered("local", config, checkout / "helm" if checkout else FIXTURES)
    with real_software():
        return request.param, run.run(objects, config, tuple(OF_PANDA))


@pytest.mark.parametrize("consumer", OF_PANDA)
def test_a_consumer_reads_what_the_program_makes(consumer: str, checks: tuple[str, list[Check]]) -> None:
    stack, found = checks
    # That it starts is a check too.
    own = [each for each in found if each.consumer == consumer and each.what != "starts"]
    if consumer in NONE.get(stack, ()):
        assert own == []
        return
    assert own
    skipped = [each.what for each in own if each.skipped]
    assert [f"{each.what}: {each.detail}" for each in own if not each.passed] == []
    if len(skipped) == len(own):
        pytest.skip("; ".join(skipped))
