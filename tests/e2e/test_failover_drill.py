"""Rucio's own server fails over between two servers of PostgreSQL: see testbed/consumers/rucio/failover.py."""

from __future__ import annotations

import pytest

from panda_infra.secrets.generate import stand_ins
from testbed.consumers.registry import FAILOVER
from testbed.consumers.rucio.failover import NORTH, SOUTH
from testbed.consumers.sandbox import Check
from tests.support import ctao
from tests.support.real_software import tried

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def sections(host: str) -> dict[str, object]:
    """A stack with Rucio, whose database is in one of two data centres."""
    external = {"kind": "external", "host": host}
    components = {name: given for name, given in ctao.RUCIO["components"].items() if name != "rucio-db"}
    return ctao.RUCIO | {
        "experiment": "ctao-dpps",
        "components": components,
        "interfaces": {"environment": "staging", "rucioDatabase": external},
    }


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried."""
    config = ctao.stack(**sections(NORTH))
    secrets = {"secrets": stand_ins(config)}
    config = config.model_copy(update=secrets)
    other = ctao.stack(**sections(SOUTH)).model_copy(update=secrets)
    return tried("ctao", config, FAILOVER, south=other)


def test_rucio_goes_on_in_the_other_data_centre_and_comes_back(checks: list[Check]) -> None:
    assert [f"{each.what}: {each.detail}" for each in checks if not each.passed] == []
    known = {each.what for each in checks}
    for host in (NORTH, SOUTH):
        assert {
            f"to {host}: Rucio knows what was written last",
            f"to {host}: what Rucio writes is there",
            f"to {host}: the former primary refuses writes",
        } <= known
