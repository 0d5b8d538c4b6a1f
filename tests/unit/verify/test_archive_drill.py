"""What a drill reports of the archives of operators, beside the dumps; the drill as a command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import Result

from panda_infra.cli import backup as module
from panda_infra.errors import NotAskedError, PandaInfraError
from panda_infra.live.archive_drills import ArchiveDrills
from panda_infra.live.archives import Archived, Newest, archived
from panda_infra.live.backups import Restored
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.review import engine
from panda_infra.verify import archive_drill
from panda_infra.verify.archive_drill import drilled_archives
from panda_infra.verify.results import Outcome
from tests.support.command_line import run_in
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.unit.live.test_archive_drills import Operators
from tests.unit.plan import test_mariadb, test_postgres

_NOW = datetime(2026, 11, 30, 6, 17, tzinfo=UTC)
_BUCKET = {"to": {"kind": "s3", "endpoint": "https://s3.site.org", "bucket": "backups"}}


def plan(*, backup: bool = True) -> Plan:
    """A stack with databases of both operators."""
    given = test_mariadb.sections(test_mariadb.BACKUP if backup else None, instances=2)
    given["components"]["idds"] = {
        "postgres": {"enabled": False},
        "settings": {"database": {"host": "panda-idds-postgres-rw"}},
    }
    given["postgres"] = {"operator": "cnpg", "databases": {"idds": {"size": "1Gi"}}}
    if backup:
        given["postgres"]["backup"] = test_postgres.BACKUP
    return make_plan("demo", stack(secrets={"hashKey": "x"}, backup=_BUCKET, **given))


@dataclass(frozen=True)
class Known(ArchiveDrills):
    """Drills of which is known what they find, by the component."""

    found: Mapping[str, PandaInfraError] = field(default_factory=dict)

    def drill(self, each: Archived, newest: Newest) -> Restored:
        assert newest.words
        if error := self.found.get(each.component):
            raise error
        return Restored(12, 3456)


def drills(now: datetime = _NOW, **known: Any) -> dict[str, tuple[Outcome, str]]:
    made = plan()
    found = drilled_archives(Known(Operators(), made, 1, **known), archived(made), now)
    return {each.database: (each.result.outcome, each.result.detail) for each in found}


def test_each_archive_is_restored() -> None:
    made, reported = plan(), list[str]()
    found = drilled_archives(Known(Operators(), made, 1), archived(made), _NOW, reported.append)
    assert reported == ["idds.restored: ok", "harvester.restored: ok"]
    data = found[0].as_data()
    assert data.pop("seconds") >= 0
    assert data == {
        "database": "idds",
        "backup": "archive of panda-idds-postgres",
        "age": 3 * 3600 + 17 * 60,
        "tables": 12,
        "rows": 3456,
        "error": None,
    }
    check = found[0].result.check
    assert (check.name, check.component, check.requirement) == ("idds.restored", "idds", "PANDA-BACKUPS")
    assert found[1].result.detail == (
        "the archive of panda-harvester-mariadb-server, whose last change is of 2026-11-30T03:00:00Z: 12 tables with "
        "3456 rows"
    )


def test_what_is_wrong_is_found_database_by_database() -> None:
    found = drills(found={"idds": PandaInfraError("it broke"), "harvester": NotAskedError("no log")})
    assert found == {"idds": (Outcome.FAILED, "it broke"), "harvester": (Outcome.SKIPPED, "no log")}


@pytest.mark.parametrize("component", ["idds", "harvester"])
def test_an_archive_that_ends_long_ago_is_no_good_one(component: str) -> None:
    last = datetime(2026, 11, 30, 3, tzinfo=UTC)
    assert drills(last + timedelta(hours=26))[component][0] is Outcome.OK
    outcome, detail = drills(last + timedelta(hours=27))[component]
    assert outcome is Outcome.FAILED
    assert detail.endswith("12 tables with 3456 rows restored, but that is more than 26 hours ago")


def test_an_empty_archive_is_reported() -> None:
    made = plan()
    found = drilled_archives(Known(Operators(archived=False), made, 1), archived(made), _NOW)
    assert {each.result.outcome for each in found} == {Outcome.FAILED}
    assert {each.backup for each in found} == {None}
    assert all("has no base backup" in each.result.detail for each in found)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def run(*words: str, made: Plan | None = None, **known: Any) -> Result:
        made = made or plan()
        api = Operators()
        access = SimpleNamespace(api=lambda _stack: api)
        monkeypatch.setattr(module, "planned", lambda _stack: (made, None))
        monkeypatch.setattr(module, "owned", lambda _stack: (made, None))
        monkeypatch.setattr(module, "reached", lambda _plan, _secrets: access)
        monkeypatch.setattr(module, "ArchiveDrills", lambda *given: Known(*given, **known))
        monkeypatch.setattr(module, "Backups", lambda *_given: _Dumps())
        monkeypatch.setattr("panda_infra.verify.drill.drilled", _dumped)
        monkeypatch.setattr(archive_drill, "OLDEST", timedelta(days=36500))
        monkeypatch.setattr(module, "project", lambda: SimpleNamespace(folder=tmp_path))
        monkeypatch.setattr(module, "find_pulumi", lambda _folder: None)
        monkeypatch.setattr(engine, "Engine", lambda *_given: SimpleNamespace(is_deployed=lambda: True))
        return run_in(tmp_path, {}, "backup", "drill", "demo", *words)

    return run


class _Dumps(FakeApi):
    """The place of dumps, which nobody asks here."""


def _dumped(_backups: Any, databases: Any, *_more: Any) -> list[Any]:
    from panda_infra.products.verification import Question  # noqa: PLC0415 - for these results alone
    from panda_infra.verify.drill import Drilled  # noqa: PLC0415 - likewise
    from panda_infra.verify.results import Result as Found  # noqa: PLC0415 - likewise

    question = Question("dumped.restored", "dumped", "PANDA-BACKUPS")
    return [Drilled(each.name, Found(question, Outcome.OK, "", 0)) for each in databases]


def test_archives_stand_beside_dumps_in_each_form_of_the_report(command: Any, tmp_path: Path) -> None:
    done = command(
        "--json", "--junit", str(tmp_path / "drill.xml"), found={"idds": PandaInfraError("it broke")}
    )
    assert done.exit_code == 1, done.output
    report = json.loads(done.stdout)
    assert {each["database"]: each["error"] for each in report["databases"]} == {
        "panda": None,
        "idds": "it broke",
        "harvester": None,
    }
    (requirement,) = report["requirements"]
    assert (requirement["id"], requirement["result"]) == ("PANDA-BACKUPS", "failed")
    (suite,) = ElementTree.fromstring((tmp_path / "drill.xml").read_text())
    assert {case.attrib["name"] for case in suite.findall("testcase")} >= {
        "idds.restored",
        "harvester.restored",
    }
    shown = command()
    assert shown.exit_code == 0, shown.output
    assert "3456" in shown.output


def test_one_database_can_be_chosen(command: Any) -> None:
    done = command("idds", "--json")
    assert done.exit_code == 0, done.output
    assert [each["database"] for each in json.loads(done.stdout)["databases"]] == ["idds"]
    unknown = command("msgsvc")
    assert unknown.exit_code == 1
    words = " ".join(unknown.output.split())
    assert "backs up nothing of msgsvc; it does of panda, idds, harvester" in words


def test_a_database_without_an_archive_has_a_line_too(command: Any) -> None:
    done = command("--json", made=plan(backup=False))
    # As its stack file wants it.
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    errors = {each["database"]: each["error"] for each in report["databases"]}
    assert errors["panda"] is None
    assert "panda-idds-postgres archives nothing: `backup` in the section" in errors["idds"]
    assert "archives nothing" in errors["harvester"]


def test_a_schedule_passes_by_what_has_neither_dumps_nor_archives(command: Any) -> None:
    given = test_postgres.sections({"idds": {"size": "1Gi"}})
    made = make_plan("demo", stack(secrets={"hashKey": "x"}, **given))
    assert "makes no backups: nothing is restored" in command("--if-deployed", made=made).output
    given = test_postgres.sections({"idds": {"size": "1Gi"}}, test_postgres.BACKUP)
    made = make_plan("demo", stack(secrets={"hashKey": "x"}, **given))
    done = command("--if-deployed", made=made)
    assert done.exit_code == 0, done.output
    assert "3456" in done.output
