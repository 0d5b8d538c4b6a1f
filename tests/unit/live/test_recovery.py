"""Recoveries to a moment: which database, which moment, and what the operator gets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.clients.kubernetes.errors import KubernetesUnreachableError
from panda_infra.errors import PandaInfraError
from panda_infra.live import outage
from panda_infra.live.recovery import Recovery, moment_of, to_recover
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.unit.plan.test_postgres import BACKUP, sections

_CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/panda/clusters"
_ARCHIVE = "/apis/barmancloud.cnpg.io/v1/namespaces/panda/objectstores/panda-infra-postgres-archive"
_MOMENT = datetime(2026, 11, 30, 2, 17, tzinfo=UTC)


def plan(*components: str, backup: bool = True) -> Plan:
    databases = {name: {"size": "1Gi", "image": "a/b:1"} for name in components}
    return make_plan(
        "demo", stack(secrets={"hashKey": "x"}, **sections(databases, BACKUP if backup else None))
    )


class ReadyApi(FakeApi):
    """Calls each new object ready at once, or not at all; its archive begins on a day."""

    serves: bool = True

    def __init__(self, first: str | None = "2026-11-01T01:47:09Z") -> None:
        super().__init__()
        window = {"panda-idds-postgres": {"firstRecoverabilityPoint": first}} if first else {}
        self.objects[_ARCHIVE] = {"status": {"serverRecoveryWindow": window}}

    def call(self, method: str, path: str, **more: object) -> object:
        found = super().call(method, path, **more)  # type: ignore[arg-type]
        if method == "POST" and self.serves:
            name = more["body"]["metadata"]["name"]  # type: ignore[index]
            self.objects[f"{path}/{name}"]["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
        return found


@given(st.datetimes(max_value=datetime(2026, 1, 1), timezones=st.just(UTC)))
def test_each_moment_is_read_as_it_is_written(moment: datetime) -> None:
    assert moment_of(moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(PandaInfraError, match="write a time with its zone"):
        moment_of(text)


def test_the_future_is_not_archived() -> None:
    with pytest.raises(PandaInfraError, match="is in the future"):
        moment_of("2999-01-01T00:00:00+00:00")


def test_a_database_is_chosen_if_there_are_several() -> None:
    assert to_recover(plan("idds"), None).component == "idds"
    assert to_recover(plan("idds", "panda"), "panda").component == "panda"
    for component in (None, "harvester"):
        with pytest.raises(PandaInfraError, match="name one of the databases of idds, panda"):
            to_recover(plan("idds", "panda"), component)
    for without in (plan("idds", backup=False), make_plan("demo", stack())):
        with pytest.raises(PandaInfraError, match="archives no changes"):
            to_recover(without, None)


def test_new_servers_are_made_beside_the_live_ones() -> None:
    api, made = ReadyApi(), plan("idds")
    assert Recovery(api, made, 1).start(to_recover(made, None), _MOMENT) == "panda-idds-postgres-restored-rw"
    spec = api.objects[f"{_CLUSTERS}/panda-idds-postgres-restored"]["spec"]
    recovery = spec["bootstrap"]["recovery"]
    assert recovery["recoveryTarget"] == {"targetTime": "2026-11-30T02:17:00+00:00"}
    (origin,) = spec["externalClusters"]
    assert (recovery["source"], origin["name"]) == ("origin", "origin")
    assert origin["plugin"]["parameters"]["serverName"] == "panda-idds-postgres"
    # It must never write to the archive that it reads.
    assert "plugins" not in spec


def test_nothing_that_is_there_is_touched() -> None:
    api, made = ReadyApi(), plan("idds")
    api.objects[f"{_CLUSTERS}/panda-idds-postgres"] = {"metadata": {"name": "panda-idds-postgres"}}
    with pytest.raises(PandaInfraError, match="there is a database panda-idds-postgres already"):
        Recovery(api, made, 1).start(to_recover(made, None), _MOMENT, "panda-idds-postgres")
    with pytest.raises(PandaInfraError, match="lower-case letters"):
        Recovery(api, made, 1).start(to_recover(made, None), _MOMENT, "No Name")
    assert [call.method for call in api.calls] == ["GET"]


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (None, "the archive has no base backup of panda-idds-postgres yet"),
        ("2026-11-30T02:17:01Z", r"--to 2026-11-30T02:17:00\+00:00: is before 2026-11-30T02:17:01Z"),
    ],
)
def test_what_is_not_archived_is_refused_before_anything_is_made(first: str | None, words: str) -> None:
    api, made = ReadyApi(first), plan("idds")
    with pytest.raises(PandaInfraError, match=words):
        Recovery(api, made, 1).start(to_recover(made, None), _MOMENT)
    assert {call.method for call in api.calls} == {"GET"}


def test_an_outage_does_not_end_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator goes on meanwhile, and a second recovery would find the name taken."""
    monkeypatch.setattr(outage, "_PAUSE", 0.0)
    api, made = ReadyApi(), plan("idds")
    lost = iter([True, True, False])

    def call(method: str, path: str, **more: object) -> object:
        if path.endswith("-restored") and made_already() and next(lost, False):
            raise KubernetesUnreachableError("the Kubernetes API cannot be reached")
        return ReadyApi.call(api, method, path, **more)

    def made_already() -> bool:
        return f"{_CLUSTERS}/panda-idds-postgres-restored" in api.objects

    monkeypatch.setattr(api, "call", call)
    assert Recovery(api, made, 60).start(to_recover(made, None), _MOMENT) == "panda-idds-postgres-restored-rw"


def test_servers_that_do_not_come_up_are_named() -> None:
    api, made = ReadyApi(), plan("idds")
    api.serves = False
    with pytest.raises(PandaInfraError, match="panda-idds-postgres-restored does not serve after 0 s"):
        Recovery(api, made, 0).start(to_recover(made, None), _MOMENT)
