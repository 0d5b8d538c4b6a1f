"""Upstream's own charts, from a checkout (`--upstream-charts`): each stack comes, stays and goes with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.rehearsal import rehearse
from tests.support.stack_files import STACKS, stack_file

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    checkout: Path | None = metafunc.config.getoption("--upstream-charts")
    metafunc.parametrize("stack", STACKS if checkout else [])


def test_a_stack_comes_stays_and_goes(stack: str, pytestconfig: pytest.Config) -> None:
    checkout: Path = pytestconfig.getoption("--upstream-charts")
    report = rehearse(stack_file(stack), checkout=checkout.resolve())
    assert report.passed, str(report)
    assert list(report.seconds) == ["up", "up again", "destroy"]
