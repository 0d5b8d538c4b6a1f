"""One bed for a whole session; every test uses a namespace of its own."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import bed as beds

CHARTS = Path(__file__).resolve().parent.parent / "charts"


@pytest.fixture(scope="session")
def bed() -> Iterator[beds.Bed]:
    """A fresh instance with four workers and the fixture charts published."""
    charts = sorted(path.parent for path in CHARTS.glob("*/Chart.yaml"))
    with beds.running(f"e2e-{secrets.token_hex(4)}", nodes=4, charts=charts) as bed:
        yield bed
