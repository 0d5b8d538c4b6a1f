"""What a drill reports of each database, whatever its Job has found; the drill as a command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import Result

from panda_infra.backup.catalog import Record, new_name
from panda_infra.cli import backup as module
from panda_infra.errors import NotAskedError, PandaInfraError
from panda_infra.live.backups import Backups, Kept, Restored
from panda_infra.plan.backup import backed_up
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.review import engine
from panda_infra.verify.drill import drilled
from panda_infra.verify.results import Outcome
from tests.support.command_line import run_in
from tests.support.kubernetes import FakeApi
from tests.support.stacks import known, stack

NOW = datetime(2026, 11, 30, 6, 17, tzinfo=UTC)
GOOD = Restored(12, 3456)
_BACKUP = {"to": {"kind": "s3", "endpoint": "https://s3.site.org", "bucket": "backups"}}


@dataclass(frozen=True)
class Known(Backups):
    """Backups of which is known what a Job finds, by the database's name; those without an age have none."""

    hours: Mapping[str, float] = field(default_factory=dict)
    sizes: Sequence[int] = (1, 1)
    found: Mapping[str, PandaInfraError] = field(default_factory=dict)
    unknown: PandaInfraError | None = None
    now: datetime = NOW

    def listed(self) -> Kept:
        if self.unknown:
            raise self.unknown
        ages = {**dict.fromkeys(("panda", "idds", "harvester", "iam-db"), 4.0), **self.hours}
        names = [
            (new_name(database, self.now - timedelta(hours=hours + 24 * day)), size)
            for database, hours in ages.items()
            if hours
            for day, size in enumerate(self.sizes)
        ]
        return Kept([Record(name, "postgres", "any", size, "") for name, size in names])

    def drill(self, backup: str) -> Restored:
        error = self.found.get(backup.partition("/")[0])
        if error:
            raise error
        return GOOD


@pytest.fixture
def plan() -> Plan:
    return make_plan("demo", known(secrets={"hashKey": "x"}, backup=_BACKUP))


def outcomes(backups: Backups) -> dict[str, tuple[Outcome, str]]:
    drills = drilled(backups, backed_up(backups.plan), NOW)
    return {each.database: (each.result.outcome, each.result.detail) for each in drills}


def test_each_newest_backup_is_restored(plan: Plan) -> None:
    reported: list[str] = []
    drills = drilled(Known(FakeApi(), plan), backed_up(plan), NOW, reported.append)
    assert [each.database for each in drills] == ["iam-db", "panda", "harvester", "idds"]
    assert reported == [f"{each.database}.restored: ok" for each in drills]
    data = drills[1].as_data()
    assert data.pop("seconds") >= 0
    assert data == {
        "database": "panda",
        "backup": "panda/20261130T021700Z",
        "age": 4 * 3600,
        "tables": 12,
        "rows": 3456,
        "error": None,
    }
    check = drills[1].result.check
    assert (check.name, check.component, check.requirement) == ("panda.restored", "panda", "PANDA-BACKUPS")


def test_what_is_wrong_is_found_database_by_database(plan: Plan) -> None:
    found = outcomes(
        Known(
            FakeApi(),
            plan,
            hours={"panda": 0, "idds": 26.5},
            found={"harvester": PandaInfraError("it broke"), "iam-db": NotAskedError("no log")},
        )
    )
    assert found == {
        "panda": (
            Outcome.FAILED,
            "there is no backup: run `python -m panda_infra backup now demo panda`",
        ),
        "idds": (
            Outcome.FAILED,
            "idds/20261129T034700Z: 12 tables with 3456 rows restored, but it is more than 26 hours old: "
            "are newer ones made? `backup list` has the last success",
        ),
        "harvester": (Outcome.FAILED, "it broke"),
        "iam-db": (Outcome.SKIPPED, "no log"),
    }


def test_a_backup_from_the_future_is_reported(plan: Plan) -> None:
    """It would be the newest one until then, whether others are made or not."""
    found = outcomes(Known(FakeApi(), plan, hours={"panda": -48, "idds": -0.5}))
    assert found["panda"][0] is Outcome.FAILED
    assert "its name is 48 hours later than now: was a clock wrong?" in found["panda"][1]
    assert found["idds"][0] is Outcome.OK


@pytest.mark.parametrize(
    ("sizes", "before"),
    [
        ((49, 100, 1), "panda/20261129T021700Z"),
        ((49, 49, 100), "panda/20261128T021700Z"),
        ((49, 49, 49, 100), None),
        ((50, 100, 1), None),
    ],
    ids=("the day after", "one was made by hand in between", "later it is known", "half is no loss"),
)
def test_a_database_that_was_emptied_is_reported_for_two_days(
    plan: Plan, sizes: Sequence[int], before: str | None
) -> None:
    outcome, detail = outcomes(Known(FakeApi(), plan, sizes=sizes))["panda"]
    if before is None:
        assert outcome is Outcome.OK
    else:
        assert outcome is Outcome.FAILED
        assert f"less than half as large as {before}: was something lost?" in detail
        assert f"restore demo --from {before}`" in detail


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (PandaInfraError("the store does not answer"), Outcome.FAILED),
        (NotAskedError("no log"), Outcome.SKIPPED),
    ],
)
def test_a_place_that_is_not_reached_is_reported_for_each(
    plan: Plan, error: PandaInfraError, outcome: Outcome
) -> None:
    found = outcomes(Known(FakeApi(), plan, unknown=error))
    assert set(found.values()) == {(outcome, str(error))}
    assert len(found) == 4


@pytest.fixture
def command(plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def run(*words: str, deployed: bool = True, plan: Plan = plan, **known: Any) -> Result:
        backups = Known(FakeApi(), plan, now=datetime.now(UTC), **known)
        monkeypatch.setattr(module, "planned", lambda _stack: (plan, None))
        access = SimpleNamespace(api=lambda _stack: backups.api)
        monkeypatch.setattr(module, "reached", lambda _plan, _secrets: access)
        monkeypatch.setattr(module, "Backups", lambda *_given: backups)
        monkeypatch.setattr(module, "project", lambda: SimpleNamespace(folder=tmp_path))
        monkeypatch.setattr(module, "find_pulumi", lambda _folder: None)
        monkeypatch.setattr(engine, "Engine", lambda *_given: SimpleNamespace(is_deployed=lambda: deployed))
        return run_in(tmp_path, {}, "backup", "drill", "demo", *words)

    return run


def test_the_command_writes_the_report(command: Any, tmp_path: Path) -> None:
    broken = {"harvester": PandaInfraError("it broke")}
    done = command("--json", "--junit", str(tmp_path / "drill.xml"), found=broken)
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert [each["error"] for each in report["databases"]] == [None, None, "it broke", None]
    assert [each["result"] for each in report["checks"]] == ["ok", "ok", "failed", "ok"]
    (requirement,) = report["requirements"]
    assert (requirement["id"], requirement["result"]) == ("PANDA-BACKUPS", "failed")
    (suite,) = ElementTree.fromstring((tmp_path / "drill.xml").read_text())
    assert (suite.attrib["name"], suite.attrib["failures"]) == ("backup drill demo", "1")
    assert {case.attrib["name"] for case in suite.findall("testcase")} >= {"panda.restored"}


def test_the_exit_code_is_that_of_verify(command: Any) -> None:
    done = command()
    assert done.exit_code == 0, done.output
    assert "3456" in done.output
    assert command(unknown=NotAskedError("no log")).exit_code == 3
    assert command(hours={"idds": 30.0}).exit_code == 1


def test_a_schedule_passes_by_what_has_no_backups(command: Any) -> None:
    done = command("--if-deployed", deployed=False)
    assert (done.exit_code, "is not deployed: nothing is restored" in done.output) == (0, True)
    done = command("--if-deployed", plan=make_plan("demo", stack(secrets={"hashKey": "x"})))
    assert (done.exit_code, "makes no backups: nothing is restored" in done.output) == (0, True)
    assert command("--if-deployed").exit_code == 0
