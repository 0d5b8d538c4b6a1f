"""A restore to a time with PostgreSQL, Barman and an S3 server themselves: see testbed/consumers/restores/to_time.py.

What Barman's programs get is derived from the objects that the stack makes, by the library of CloudNativePG's plugin.
"""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.delivery.postgres import archive_keys
from panda_infra.plan.make import make_plan
from panda_infra.plan.postgres import ARCHIVE_SECRET, postgres_objects
from panda_infra.secrets.generate import stand_ins
from testbed.consumers import run
from testbed.consumers.registry import ARCHIVE
from testbed.consumers.restores.bucket import ADDRESS, BUCKET
from testbed.consumers.sandbox import Check
from tests.support.real_software import real_software
from tests.support.stacks import stack
from tools import toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_SECTIONS: dict[str, Any] = {
    "hosts": {},
    "components": {
        "msgsvc": {},
        "idds": {
            "postgres": {"enabled": False},
            "settings": {"database": {"host": "panda-idds-postgres-rw"}},
        },
    },
    "postgres": {
        "operator": "cnpg",
        "databases": {"idds": {"size": "1Gi"}},
        "backup": {"endpoint": ADDRESS, "bucket": BUCKET, "retention": "30d"},
    },
}


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """What was tried."""
    config = stack(**_SECTIONS)
    config = config.model_copy(update={"secrets": stand_ins(config)})
    objects: list[dict[str, Any]] = [
        {"apiVersion": each.api, "kind": each.kind, **each.fields}
        for _, each in postgres_objects(make_plan("consumed", config))
    ]
    keys = archive_keys(config.secrets.postgres)
    objects.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": ARCHIVE_SECRET}, "data": keys})
    with real_software():
        # The inside of the sandbox builds nothing.
        toolchain.ensure(["versitygw", "barman-cloud"])
        return run.run(objects, config, tuple(ARCHIVE))


def test_what_was_lost_comes_back_from_a_time(checks: list[Check]) -> None:
    assert [f"{each.what}: {each.detail}" for each in checks if not each.passed] == []
    assert {"the same again", "the live one is untouched"} <= {each.what for each in checks}


@pytest.mark.parametrize(
    "what",
    [
        "a time before the first base backup",
        "a time in the future",
        "a time after the last change",
        "older base backups are deleted",
        "what is left can be restored",
        "a drill counts what is there",
        "a drill of a table that the user may not read",
        "a drill deletes its servers",
        "no argument has a secret",
    ],
)
def test_each_mishap_was_tried(what: str, checks: list[Check]) -> None:
    assert what in {each.what for each in checks}
