"""The job that makes Rucio's tables, against PostgreSQL in every state that it may find."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from testbed.consumers.rucio import migration
from testbed.consumers.rucio.job import Database, Job
from testbed.consumers.sandbox import Check, Sandbox, output
from testbed.real.software import RUCIO, RUCIO_EARLIER, Software
from testbed.waiting import eventually

__all__ = ["check"]

_NAME = "rucio-bootstrap"
_LOGS_IN = Path(__file__).parents[1] / "scripts" / "rucio_logs_in.py"
_SECONDS = 300


def check(sandbox: Sandbox, database: Database) -> Iterator[Check]:
    """Check each state of a database; at the end it has the tables of this release and the stack's account."""
    job = Job(sandbox, _NAME)
    yield from _empty(job, database)
    yield from _without_version(job, database)
    yield from _later(job, database)
    yield from _beside_others(job, database)
    yield from _earlier(job, database)
    yield from _password(job)


def _empty(job: Job, database: Database) -> Iterator[Check]:
    yield job.run().ends(_NAME, "an empty database", "made", "tables of version", "made account root")
    content, salt = database.content, _salt(database)
    yield Check(_NAME, "an empty database: a version", bool(database.version), "no version")
    again = job.run()
    yield again.ends(_NAME, "twice", f"tables have version {database.version} already")
    same = (database.content, _salt(database)) == (content, salt) and "made" not in again.text
    yield Check(_NAME, "twice: nothing changes", same, again.text)
    database.ask("ALTER TABLE heartbeats RENAME TO away")
    yield from _refused(job, database, "a table is missing", "but heartbeats are missing")
    database.ask("ALTER TABLE away RENAME TO heartbeats")


def _without_version(job: Job, database: Database) -> Iterator[Check]:
    """Check tables of another program, and those of an interrupted run of Rucio's own tool."""
    database.ask("DROP TABLE alembic_version")
    yield from _refused(job, database, "tables without a version", "but no version", "alembic stamp")
    database.ask("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
    yield from _refused(job, database, "an empty table of versions", "but no version")
    database.remake()
    database.ask("CREATE TABLE accounts (account varchar(25) PRIMARY KEY)")
    yield from _refused(job, database, "half-built", "has 1 of Rucio's")
    database.remake()
    # Tables of another program, which do not disturb Rucio's.
    database.ask("CREATE TABLE notes (line text)")
    yield job.run().ends(_NAME, "tables of something else beside them", "made account root")


def _later(job: Job, database: Database) -> Iterator[Check]:
    database.ask("CREATE TABLE former AS SELECT * FROM alembic_version")
    database.ask("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    yield from _refused(job, database, "a later release", "ffffffffffff", "it is newer")
    database.ask("UPDATE alembic_version SET version_num = (SELECT version_num FROM former)")


def _beside_others(job: Job, database: Database) -> Iterator[Check]:
    """Check a run that is killed while it makes tables, and two runs at once."""
    database.remake()
    killed = job.started()
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE '%CREATE TABLE%' AND pid != pg_backend_pid()"
    )
    ends = time.monotonic() + _SECONDS
    while int(database.ask(busy)) == 0 and killed.poll() is None and time.monotonic() < ends:
        pass
    killed.kill()
    killed.wait(_SECONDS)
    # The database notices the killed client only after it has made the tables.
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
    )
    eventually(lambda: int(database.ask(others)) == 0)
    yield Check(_NAME, "killed: leaves nothing half made", database.tables == 0, f"{database.tables} tables")
    first = job.started()
    second = job.run()
    code = first.wait(_SECONDS)
    yield second.ends(_NAME, "two at once", "version")
    yield Check(_NAME, "two at once: the other one", code == 0, f"code {code}")


def _earlier(job: Job, database: Database) -> Iterator[Check]:
    fresh, now = database.content, database.version
    database.remake()
    yield job.run(software=RUCIO_EARLIER).ends(_NAME, "the earlier release makes its tables", "made account")
    was = database.version
    yield Check(_NAME, "the earlier release has another version", was not in ("", now), was)
    salt = _salt(database)
    yield from _refused(job, database, "an earlier release", was, now, "migrate: true", "backup")
    yield from migration.check(job, database, now)
    yield Check(_NAME, "migrate: true keeps accounts", _salt(database) == salt, "another password")
    lacking = sorted(set(fresh.splitlines()) - set(database.content.splitlines()))
    yield Check(_NAME, "migrate: true: columns as of a new database", not lacking, "\n".join(lacking))
    # A run that is killed after the migration of the tables leaves this state.
    database.ask("ALTER TABLE rse_protocols ALTER COLUMN read_lan SET NOT NULL")
    yield job.run("migrating").ends(
        _NAME, "migrate: true again", "column read_lan of rse_protocols may be empty", "already"
    )
    yield from _refused(job, database, "the earlier release meets later tables", now, software=RUCIO_EARLIER)


def _password(job: Job) -> Iterator[Check]:
    yield from _logs_in(job, "the stack's password", "", accepted=True)
    yield from _logs_in(job, "another password", "renewed", accepted=False)
    yield job.run("renewed").ends(_NAME, "a renewed password", "gave account root its password")
    yield from _logs_in(job, "the renewed password", "renewed", accepted=True)
    yield from _logs_in(job, "the former password", "", accepted=False)
    job.run()
    wrong = job.run("wrong")
    secret = (
        job.sandbox.container(f"{_NAME}/job", "wrong").files["/secrets/database/password"].content.decode()
    )
    yield wrong.ends(
        _NAME, "a wrong password of the database", "password authentication failed", refused=True
    )
    yield Check(_NAME, "a wrong password is not printed", secret not in wrong.text, "it is")


def _logs_in(job: Job, what: str, variant: str, *, accepted: bool) -> Iterator[Check]:
    """Ask Rucio itself whether root logs in by the password of a variant."""
    secrets = job.sandbox.container(f"{_NAME}/job").files
    given = job.sandbox.container(f"{_NAME}/job", variant).files["/secrets/root/password"].content.decode()
    url = secrets["/secrets/database/sqlalchemyUrl"].content.decode()
    question = json.dumps({"url": url, "username": "root", "password": given})
    answer = output(job.root(), _LOGS_IN, "python3", stdin=question).splitlines()[-1]
    yield Check(_NAME, what, (answer == "accepted") == accepted, answer)


def _refused(
    job: Job, database: Database, what: str, *words: str, software: Software = RUCIO
) -> Iterator[Check]:
    """Check that a run is refused, and has changed nothing."""
    before = database.content
    run = job.run(software=software)
    yield run.ends(_NAME, what, "refused: ", *words, refused=True)
    yield Check(_NAME, f"{what}: nothing changes", database.content == before, "something changed")


def _salt(database: Database) -> str:
    return database.ask("SELECT identity, salt FROM identities ORDER BY 1")
