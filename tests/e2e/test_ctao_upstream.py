"""Rucio's own charts, from a checkout (`--rucio-charts`): the stack comes, stays and goes with them."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from testbed import charts, instances
from testbed.rehearsal import rehearse
from tests.support import ctao

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    if "rucio_charts" in metafunc.fixturenames:
        checkout: Path | None = metafunc.config.getoption("--rucio-charts")
        metafunc.parametrize("rucio_charts", [checkout / "charts"] if checkout else [])


def test_the_stack_comes_stays_and_goes(rucio_charts: Path, tmp_path: Path) -> None:
    wanted = [rucio_charts / name for name in ("rucio-server", "rucio-daemons")]
    folders = [folder for chart in wanted for folder in charts.find(chart)]
    with instances.running(f"ctao-{secrets.token_hex(4)}", nodes=2, charts=folders) as bed:
        report = rehearse(ctao.written(tmp_path), bed=bed)
    assert report.passed, str(report)
    assert list(report.seconds) == ["up", "up again", "destroy"]
