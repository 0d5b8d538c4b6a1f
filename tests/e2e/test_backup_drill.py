"""A stack's backups with PostgreSQL, MariaDB and an S3 server themselves: see testbed/consumers/restores."""

from __future__ import annotations

import pytest

from panda_infra.secrets.generate import stand_ins
from testbed import site
from testbed.consumers.registry import BACKUPS
from testbed.consumers.restores.bucket import ADDRESS, BUCKET
from testbed.consumers.sandbox import Check
from testbed.workspace import overridden
from tests.support.consumers import STACKS
from tests.support.real_software import tried
from tools import toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_BACKUP = {"to": {"kind": "s3", "endpoint": ADDRESS, "bucket": BUCKET, "folder": "consumed"}}


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried."""
    config = site.configuration(overridden(STACKS["usual"], {"panda-infra:backup": _BACKUP}))
    config = config.model_copy(update={"secrets": stand_ins(config)})
    # The inside of the sandbox builds nothing.
    toolchain.ensure(["versitygw"])
    return tried("usual", config, BACKUPS)


def test_what_was_lost_comes_back(checks: list[Check]) -> None:
    assert [f"{each.what}: {each.detail}" for each in checks if not each.passed] == []
    assert {"panda: the same again", "harvester: the same again"} <= {each.what for each in checks}


@pytest.mark.parametrize(
    "what",
    [
        "a wrong secret key",
        "a truncated dump",
        "a full bucket",
        "older ones are deleted",
        "panda: without what it has made",
        "harvester: without what it has made",
        "panda: as many tables and rows",
        "harvester: as many tables and rows",
        "panda: a dump damaged inside",
        "harvester: a dump damaged inside",
        "panda: an unreachable store",
    ],
)
def test_each_mishap_was_tried(what: str, checks: list[Check]) -> None:
    assert what in {each.what for each in checks}
