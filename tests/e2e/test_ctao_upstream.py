"""Rucio's own charts, from a checkout (`--rucio-charts`): the stack comes, stays, is upgraded and goes with them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from panda_infra.review.preview import read
from testbed import charts, instances
from testbed.bed import Bed
from testbed.rehearsal import Change, rehearse
from testbed.workspace import SOURCES
from tests.support import ctao
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    if "rucio_charts" in metafunc.fixturenames:
        checkout: Path | None = metafunc.config.getoption("--rucio-charts")
        given = [checkout / "charts"] if checkout else []
        metafunc.parametrize("rucio_charts", given, scope="module")


@pytest.fixture(scope="module")
def bed(rucio_charts: Path) -> Iterator[Bed]:
    """A bed of its own, with these charts."""
    wanted = [rucio_charts / name for name in ("rucio-server", "rucio-daemons")]
    folders = [folder for chart in wanted for folder in charts.find(chart)]
    with instances.running(f"ctao-{secrets.token_hex(4)}", nodes=2, charts=folders) as made:
        yield made


def test_the_stack_comes_stays_and_goes(bed: Bed, tmp_path: Path) -> None:
    report = rehearse(ctao.written(tmp_path), bed=bed)
    assert report.passed, str(report)
    assert list(report.seconds) == ["up", "up again", "destroy"]


def test_a_change_of_the_server_changes_one_release(bed: Bed, tmp_path: Path) -> None:
    earlier, later = tmp_path / "earlier", tmp_path / "later"
    pods = {"rucio": {"server": {"replicas": 2}}}
    for folder, change in ((earlier, {}), (later, pods)):
        folder.mkdir()
        ctao.written(folder, **ctao.RUCIO | {"components": ctao.RUCIO["components"] | change})
    for name in SOURCES:
        (earlier / name).symlink_to(REPOSITORY / name)
    printed: list[str] = []
    report = rehearse(later / "Pulumi.ctao.yaml", change=Change(earlier, printed.append), bed=bed)
    assert report.passed, str(report)
    assert list(report.seconds) == ["up before the change", "up", "up again", "destroy"]
    assert [(step.name, step.action) for step in read(printed[0]).steps] == [("rucio", "changed")]
