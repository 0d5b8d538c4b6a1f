"""The gate in front of images that need other tables, asked in the pods of PanDA's database and of its server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from panda_infra.config.stack import StackConfig
from panda_infra.live.commands import Commands
from panda_infra.live.offers import Report
from panda_infra.live.pods import Pods
from panda_infra.live.schemas import look
from panda_infra.plan.model import Plan
from testbed.consumers import postgres
from testbed.consumers.cluster import Programs, Workloads
from testbed.consumers.sandbox import Check, Sandbox
from testbed.consumers.upstream import NO_TABLES, SOURCES

__all__ = ["check"]

_CONSUMER = "panda"
_DATABASE, _SERVER = "panda/postgres", "panda/server"
_FORMER = "CREATE TABLE public.former AS SELECT * FROM doma_panda.pandadb_version"
_BACK = "INSERT INTO doma_panda.pandadb_version SELECT * FROM public.former"


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Ask for the tables as PanDA's own scripts have made them, then for older ones, then for none."""
    if not SOURCES:
        yield Check(_CONSUMER, "the version of the tables", passed=True, detail=NO_TABLES, skipped=True)
        return
    root, gate = sandbox.running(_DATABASE), _Gate(sandbox)

    def ask(statement: str) -> str:
        return postgres.query(root, "postgres", statement, database="panda_db")

    version = (SOURCES / "panda-database" / "schema" / "postgres" / "version").read_text().strip()
    for who in (_DATABASE, _SERVER):
        yield _expect(f"{who}: the tables of {version}", gate.told_by(who), problems=(), notes=())
    ask(_FORMER)
    ask("UPDATE doma_panda.pandadb_version SET major = 0, minor = 0, patch = 32")
    for who in (_DATABASE, _SERVER):
        words = ("needs tables of version 0.1.1 or later, and the database has 0.0.32",)
        yield _expect(f"{who}: older tables", gate.told_by(who), problems=words, notes=())
    ask("TRUNCATE doma_panda.pandadb_version")
    before = "(component, major, minor, patch) VALUES ('SERVER', 0, 0, 29), ('JEDI', 0, 0, 28)"
    ask(f"INSERT INTO doma_panda.pandadb_version {before}")
    for who in (_DATABASE, _SERVER):
        words = ("and the database has 0.0.28",)
        yield _expect(f"{who}: tables before 0.0.30", gate.told_by(who), problems=words, notes=())
    ask("TRUNCATE doma_panda.pandadb_version")
    for who in (_DATABASE, _SERVER):
        words = ("which tables the database has is not known",)
        yield _expect(f"{who}: tables without a version", gate.told_by(who), problems=(), notes=words)
    ask(_BACK)
    yield _expect("tables that were patched", gate.told_by(_DATABASE), problems=(), notes=())


def _expect(what: str, report: Report, *, problems: Sequence[str], notes: Sequence[str]) -> Check:
    found = [list(map(str, report.problems)), list(report.notes)]
    passed = all(
        len(got) == len(wanted) and all(word in line for word, line in zip(wanted, got, strict=True))
        for wanted, got in zip((problems, notes), found, strict=True)
    )
    return Check(_CONSUMER, f"tables: {what}", passed, str(found))


class _Gate:
    """The gate of a deployment, in front of the programs of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        assert sandbox.plan is not None  # noqa: S101 - the inside of the sandbox makes it
        self._sandbox, self._plan = sandbox, sandbox.plan

    def told_by(self, part: str) -> Report:
        """The problems that the gate reports if it asks this part; for the server, as if the database were outside."""
        plan = self._plan if part == _DATABASE else _elsewhere(self._plan, self._sandbox)
        pods = Pods(Workloads(), plan)
        return look(Commands(pods, Programs(self._sandbox), lambda _suffix, _key: ""))


def _elsewhere(plan: Plan, sandbox: Sandbox) -> Plan:
    """The same stack with its database outside, at the host that the server's pod has."""
    document = plan.config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    panda = document["components"]["panda"]
    panda["postgres"] = {"enabled": False}
    host = sandbox.container(_SERVER).environment["PANDA_DB_HOST"]
    panda.setdefault("settings", {}).setdefault("database", {})["host"] = host
    return replace(plan, config=StackConfig.model_validate_json(json.dumps(document)))
