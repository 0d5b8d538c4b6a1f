"""The migration of tables of the earlier release: the steps before it, and the state after a failed one."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

from panda_infra.errors import PandaInfraError
from panda_infra.live.backups import Backups
from panda_infra.plan.backup import NAME
from testbed.consumers.restores import bucket
from testbed.consumers.rucio.api import Api
from testbed.consumers.rucio.job import Database, Job
from testbed.consumers.sandbox import Check

__all__ = ["check"]

_NAME = "rucio-bootstrap"
_VARIANT = "migrating"
_BACKUP = re.compile(r"rucio-db/\d{8}T\d{6}Z")
_SECONDS = 900.0


def check(job: Job, database: Database, now: str) -> Iterator[Check]:
    """Check it with a bucket that is missing, with a migration that fails, and as it should be.

    The database has the tables of the earlier release; at the end it has those of version ``now``.
    """
    api, was = Api(job.sandbox), database.version
    data = api.object("Secret", NAME)["data"]
    before, content = dict(api.replicas), database.content
    run = job.run(_VARIANT, api=api)
    yield run.ends(_NAME, "no backup", "nothing was migrated", "has not succeeded", refused=True)
    yield _same("no backup: daemons run again", before, dict(api.replicas))
    yield _same("no backup: nothing changes", content, database.content)
    bucket.start(job.sandbox, *(b64decode(data[key]).decode() for key in ("accessKey", "secretKey")))
    yield from _failing(job, database, api, before)
    api.steps.clear()
    run = job.run(_VARIANT, api=api)
    yield run.ends(_NAME, "migrate: true", f"migrated tables from version {was} to {now}")
    yield _same("migrate: true: the version", now, database.version)
    wanted = ["stop"] * sum(map(bool, before.values())) + ["back up"]
    yield _same("migrate: true: daemons are stopped, then a backup is made", wanted, api.steps)
    yield _same("migrate: true: daemons wait for their release", {0}, set(api.replicas.values()))
    yield _kept(job, api, run.text, "migrate: true")
    yield from _way_back(job, database, api, run.text, (content, was))


def _way_back(job: Job, database: Database, api: Api, text: str, former: tuple[str, str]) -> Iterator[Check]:
    """Check that a restore of the backup undoes the migration, after which the tables can be migrated again."""
    assert job.sandbox.plan is not None  # noqa: S101 - the inside of the sandbox makes it
    found = _BACKUP.search(text)
    try:
        Backups(api, job.sandbox.plan, _SECONDS).restore(
            found[0] if found else "no name", database.name, overwrite=True
        )
    except PandaInfraError as error:
        yield Check(_NAME, "the way back: restored", passed=False, detail=str(error))
        return
    yield _same("the way back: what was there", former, (database.content, database.version))
    yield job.run(_VARIANT, api=api).ends(_NAME, "the way back: and again", "migrated tables from version")


def _failing(job: Job, database: Database, api: Api, before: dict[str, int]) -> Iterator[Check]:
    """Check a migration that the database refuses at its end."""
    database.ask(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more space'; END $$"
    )
    database.ask(
        "CREATE TRIGGER refusing BEFORE UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    content, was = database.content, database.version
    run = job.run(_VARIANT, api=api)
    words = (
        "refused: the migration from version",
        "failed:",
        "no more space",
        "The backup before it is rucio-db/",
    )
    yield run.ends(_NAME, "a failing migration", *words, refused=True)
    yield _same("a failing migration: nothing changes", (content, was), (database.content, database.version))
    yield _same("a failing migration: the former pods", before, dict(api.replicas))
    yield _kept(job, api, run.text, "a failing migration")
    database.ask("DROP FUNCTION refuse CASCADE")


def _kept(job: Job, api: Api, text: str, what: str) -> Check:
    """Check that the named backup exists and can be restored."""
    assert job.sandbox.plan is not None  # noqa: S101 - the inside of the sandbox makes it
    found = _BACKUP.search(text)
    try:
        Backups(api, job.sandbox.plan, _SECONDS).verify(found[0] if found else "no name")
    except PandaInfraError as error:
        return Check(_NAME, f"{what}: the backup", passed=False, detail=str(error))
    return Check(_NAME, f"{what}: the backup", passed=True)


def _same(what: str, wanted: object, got: object) -> Check:
    return Check(_NAME, what, wanted == got, f"{got} instead of {wanted}")
