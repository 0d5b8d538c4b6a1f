"""Restores to a moment of mariadb-operator's servers: which moments there are, and what the operator gets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from panda_infra.errors import PandaInfraError
from panda_infra.live.archives import archived
from panda_infra.live.recovery import Recovery, to_recover
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.unit.plan.test_mariadb import BACKUP, planned, sections
from tests.unit.plan.test_postgres import BACKUP as OF_POSTGRES

_SERVER = "panda-harvester-mariadb-server"
_ROOT = "/apis/k8s.mariadb.com/v1alpha1/namespaces/panda"
_SERVERS, _CHANGES = f"{_ROOT}/mariadbs", f"{_ROOT}/pointintimerecoveries/{_SERVER}"
_MOMENT = datetime(2026, 11, 30, 2, 17, tzinfo=UTC)


class Operator(FakeApi):
    """Restores each new object at once as far as the conditions; its archive ends at a time."""

    conditions: tuple[str, ...] = ("Ready", "BinlogsReplayed")

    def __init__(self, last: str | None = "2026-11-30T03:00:00Z") -> None:
        super().__init__()
        self.objects[_CHANGES] = {"status": {"lastRecoverableTime": last} if last else {}}

    def call(self, method: str, path: str, **more: Any) -> Any:
        found = super().call(method, path, **more)
        if method == "POST":
            seen = [{"type": each, "status": "True", "message": "Running"} for each in self.conditions]
            self.objects[f"{path}/{more['body']['metadata']['name']}"]["status"] = {"conditions": seen}
        return found


def plan() -> Plan:
    return planned(BACKUP, instances=2)


def test_new_servers_are_made_beside_the_live_ones() -> None:
    api, made = Operator(), plan()
    service = Recovery(api, made, 1).start(to_recover(made, "harvester"), _MOMENT)
    assert service == f"{_SERVER}-restored-primary"
    spec = api.objects[f"{_SERVERS}/{_SERVER}-restored"]["spec"]
    source = spec["bootstrapFrom"]
    assert source["pointInTimeRecoveryRef"] == {"name": _SERVER}
    assert source["targetRecoveryTime"] == "2026-11-30T02:17:00Z"
    # Changes of replicated servers alone are replayed.
    assert (spec["replicas"], spec["replication"]) == (2, {"enabled": True})
    # They must never write to the archive that they read.
    assert "pointInTimeRecoveryRef" not in spec
    assert spec["storage"]["pvcRetentionPolicy"]["whenDeleted"] == "Delete"


def test_nothing_that_is_there_is_touched() -> None:
    api, made = Operator(), plan()
    api.objects[f"{_SERVERS}/{_SERVER}"] = {"metadata": {"name": _SERVER}}
    with pytest.raises(PandaInfraError, match=f"there is a database {_SERVER} already"):
        Recovery(api, made, 1).start(to_recover(made, None), _MOMENT, _SERVER)
    assert [call.method for call in api.calls] == ["GET"]


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (None, f"the archive has no base backup of {_SERVER} with changes after it yet"),
        ("2026-11-30T02:16:59Z", r"--to 2026-11-30T02:17:00\+00:00: is after 2026-11-30T02:16:59Z"),
    ],
)
def test_what_is_not_archived_is_refused_before_anything_is_made(last: str | None, words: str) -> None:
    api, made = Operator(last), plan()
    with pytest.raises(PandaInfraError, match=words):
        Recovery(api, made, 1).start(to_recover(made, None), _MOMENT)
    assert {call.method for call in api.calls} == {"GET"}


def test_servers_without_the_changes_after_the_base_backup_are_not_restored_yet() -> None:
    api, made = Operator(), plan()
    api.conditions = ("Ready",)
    with pytest.raises(
        PandaInfraError, match=f"{_SERVER}-restored does not serve after 0 s, but goes on: Running"
    ):
        Recovery(api, made, 0).start(to_recover(made, None), _MOMENT)


def test_databases_of_both_operators_are_found() -> None:
    given = sections(BACKUP, instances=2)
    given["components"]["idds"] = {
        "postgres": {"enabled": False},
        "settings": {"database": {"host": "panda-idds-postgres-rw"}},
    }
    given["postgres"] = {"operator": "cnpg", "databases": {"idds": {"size": "1Gi"}}, "backup": OF_POSTGRES}
    made = make_plan("demo", stack(secrets={"hashKey": "x"}, **given))
    assert [each.component for each in archived(made)] == ["idds", "harvester"]
    assert to_recover(made, "harvester").cluster == _SERVER
    with pytest.raises(PandaInfraError, match="name one of the databases of idds, harvester"):
        to_recover(made, None)


def test_a_database_without_an_archive_is_not_restored() -> None:
    with pytest.raises(PandaInfraError, match="archives no changes"):
        to_recover(planned(), None)
