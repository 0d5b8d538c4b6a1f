"""The jobs that make databases: DIRAC's SQL files, a server without databases, one of the site."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.products.ctao.components.dirac_db import COMPONENT
from panda_infra.products.ctao.dirac_database import in_fixture
from tests.support import ctao
from tools import REPOSITORY

_FILES = REPOSITORY / "panda_infra/products/ctao/charts/job/files"
_SQL = """\
-- DROP DATABASE IF EXISTS DemoDB;
USE DemoDB;
DROP TABLE IF EXISTS `Jobs`;
CREATE TABLE `Jobs` (`JobID` INT NOT NULL);
# rows of the first start
INSERT INTO Jobs VALUES (1);
create table if not exists Logs (Line TEXT);
CREATE TRIGGER `Numbers` BEFORE INSERT ON Jobs
FOR EACH ROW SET NEW.JobID = 2;
"""
_NUMBERS = "CREATE TRIGGER `Numbers` BEFORE INSERT ON Jobs FOR EACH ROW SET NEW.JobID = 2"


class _Server:
    """The tables and triggers of a server, and what was run on it."""

    def __init__(self, there: Sequence[str] = ()) -> None:
        self._there, self.ran = set(there), list[str]()

    def tables(self, _database: str) -> set[str]:
        return self._there - {"Numbers"}

    def triggers(self, _database: str) -> set[str]:
        return self._there & {"Numbers"}

    def query(self, statement: str, *_: Any, **__: Any) -> Sequence[Any]:
        self.ran.append(" ".join(statement.split()))
        return ()


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Loads a file of the job as its pod does, without MySQL's client."""
    client = ModuleType("pymysql")
    client.Error = OSError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pymysql", client)

    def loaded(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, _FILES / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    loaded("mariadb")
    return loaded


@pytest.mark.parametrize(
    ("there", "made"),
    [
        (
            [],
            [
                "CREATE TABLE `Jobs` (`JobID` INT NOT NULL)",
                "INSERT INTO Jobs VALUES (1)",
                "create table if not exists Logs (Line TEXT)",
                _NUMBERS,
            ],
        ),
        (["Jobs"], ["create table if not exists Logs (Line TEXT)", _NUMBERS]),
        (["Jobs", "Logs"], [_NUMBERS]),
        (["Jobs", "Logs", "Numbers"], []),
    ],
    ids=["empty", "half built", "without the trigger", "complete"],
)
def test_missing_tables_are_made_and_none_is_dropped(
    load: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: list[str],
    made: list[str],
) -> None:
    """C22, C25: DIRAC's installer drops what its files name, or skips a database that exists whole."""
    dirac, server = load("dirac"), _Server(there)
    file = tmp_path / "DemoDB.sql"
    file.write_text(_SQL)
    monkeypatch.setattr(dirac, "_file", lambda *_: file)
    told = list(dirac._tables(server, "DemoDB", ["DIRAC"]))
    assert server.ran == made
    kinds = {"Jobs": "table", "Logs": "table", "Numbers": "trigger"}
    assert told == [f"{kind} {name} made" for name, kind in kinds.items() if name not in there]


def test_a_file_with_procedures_stops_the_job(load: Callable[[str], ModuleType]) -> None:
    dirac = load("dirac")
    with pytest.raises(dirac.StopError, match="procedures"):
        list(dirac.statements("DELIMITER //\nCREATE PROCEDURE p() BEGIN END //\n"))


def test_an_image_without_the_tables_is_named(load: Callable[[str], ModuleType]) -> None:
    dirac = load("dirac")
    with pytest.raises(dirac.StopError, match="NoSuchDB: none of json has its tables"):
        dirac._file("NoSuchDB", ["json"])


def test_the_owner_of_a_server_outside_makes_the_databases(
    load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    load("dirac")
    mariadb = sys.modules["mariadb"]
    monkeypatch.setattr(
        mariadb, "read", lambda _folder, key: {"port": "3306", "host": "db", "user": "w"}.get(key, "")
    )
    server = mariadb.MariaDb()
    monkeypatch.setattr(server, "query", lambda *_: [("JobDB",)])
    with pytest.raises(mariadb.StopError, match="db has no TaskQueueDB for w: let the owner"):
        list(server.make(["JobDB", "TaskQueueDB"]))


def test_root_is_known_to_jobs_of_the_fixture_alone() -> None:
    outside = ctao.stack(
        interfaces=ctao.INTERFACES | {"diracDatabase": {"kind": "external", "host": "db.site.org"}}
    )
    for config, known in ((ctao.stack(), True), (outside, False)):
        assert in_fixture(config) == known
        for job in ("dirac-bootstrap", "diracx-bootstrap"):
            values = make_plan("ctao", config).release(job).values
            assert ("root" in values["secrets"]) == known


def test_every_database_is_backed_up_under_a_name_of_its_own() -> None:
    (sub,) = COMPONENT.sub_components
    assert sub.dump is not None
    names = sub.dump.names(ctao.stack())
    assert names["-jobdb"] == "JobDB"
    assert names["-diracxauthdb"] == "DiracXAuthDB"
    assert len(set(names.values())) == len(names)
