"""The drill: back up, lose everything, restore, compare; and each way in which that can go wrong."""

from __future__ import annotations

import hashlib
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from panda_infra.backup.catalog import Record
from panda_infra.errors import PandaInfraError
from panda_infra.live.backups import Backups, chosen
from panda_infra.plan.backup import NAME
from panda_infra.plan.model import Plan
from panda_infra.verify.drill import Drilled, drilled
from panda_infra.verify.results import Outcome
from testbed.consumers import mariadb, postgres
from testbed.consumers.restores import bucket
from testbed.consumers.restores.cluster import IMAGES, Cluster
from testbed.consumers.restores.databases import Database, Harvester, Panda
from testbed.consumers.sandbox import Check, Sandbox

__all__ = ["IMAGES", "PARTS", "check", "start"]

PARTS = ("panda/postgres", "harvester/mariadb", "panda/server")
_CONSUMER = "backup"
_SECONDS = 900.0
_KEEP = 2


def start(sandbox: Sandbox) -> None:
    """Start both kinds of databases."""
    postgres.start(sandbox)
    mariadb.start(sandbox)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Go through the drill with each kind of database."""
    assert sandbox.plan is not None  # noqa: S101 - the inside of the sandbox makes it
    drill = _Drill(sandbox, Cluster(sandbox), sandbox.plan)
    drill.start()
    for database in (Panda.of(sandbox), Harvester.of(sandbox)):
        yield from drill.there_and_back(database)
        yield from drill.drilled(database)
    yield from drill.damaged()
    yield from drill.refused()
    yield from drill.outdated()
    yield drill.hides_secrets()


@dataclass
class _Drill:
    sandbox: Sandbox
    cluster: Cluster
    plan: Plan
    buckets: Path = Path()

    def start(self) -> None:
        """Start the S3 server with the account of the stack's Secret."""
        data = self.cluster.object("Secret", NAME)["data"]
        keys = [b64decode(data[key]).decode() for key in ("accessKey", "secretKey")]
        self.buckets = bucket.start(self.sandbox, *keys)

    @property
    def backups(self) -> Backups:
        """The backups as the commands use them."""
        return Backups(self.cluster, self.plan, _SECONDS)

    def there_and_back(self, database: Database) -> Iterator[Check]:
        """Insert, dump, restore beside, drop, restore over the live one: checksums are the same each time."""
        who, backups = database.name, self.backups
        database.fill()
        before = database.content(database.live)
        if isinstance(database, Panda):
            yield self._fails(
                f"{who}: a user who may not read partitions",
                lambda: self._make(who),
                "psql --username=postgres --dbname=panda_db --command='GRANT pg_read_all_data TO USER'",
            )
            database.grant()
        record = self._make(database.name)
        yield self._there(record)
        yield _check(f"{who}: listed", record in backups.listed().records, "it is not in the list")
        yield self._works(f"{who}: verified", lambda: backups.verify(record.name))
        beside = f"{database.live}_restored"
        if isinstance(database, Panda):
            yield self._fails(
                f"{who}: a user who may make no database",
                lambda: backups.restore(record.name, beside),
                "deployment/panda-postgres -- createdb --username=postgres --owner=USER panda_db_restored",
            )
            database.prepare(beside)
        yield self._works(f"{who}: restored beside", lambda: backups.restore(record.name, beside))
        yield _same(f"{who}: the same beside", before, database.content(beside))
        yield self._fails(
            f"{who}: beside again", lambda: backups.restore(record.name, beside), "tables already"
        )
        yield self._fails(
            f"{who}: never over the live one by mistake",
            lambda: backups.restore(record.name, database.live),
            "is the live database",
            "--over-live",
        )
        yield _same(f"{who}: the live one is untouched", before, database.content(database.live))
        database.migrate()
        yield self._works(
            f"{who}: restored over migrated tables",
            lambda: backups.restore(record.name, database.live, overwrite=True),
        )
        yield _same(f"{who}: as before the migration", before, database.content(database.live))
        yield _same(f"{who}: without what it has made", "0", database.newer())
        database.empty()
        yield self._works(
            f"{who}: restored over the live one",
            lambda: backups.restore(record.name, database.live, overwrite=True),
        )
        yield _same(f"{who}: the same again", before, database.content(database.live))

    def drilled(self, database: Database) -> Iterator[Check]:
        """The newest backup is restored into a server of its own; a dump that only looks good is found."""
        who = database.name
        record = self._make(who)
        before, live = database.counted(), database.content(database.live)
        found = self._drill(who, datetime.now(UTC))
        restored = found.restored and (found.restored.tables, found.restored.rows)
        yield _check(f"{who}: drilled", found.result.outcome is Outcome.OK, found.result.detail)
        yield _same(f"{who}: as many tables and rows", str(before), str(restored))
        yield _check(f"{who}: of the newest", found.backup == record.name, str(found.backup))
        yield self._ended(f"{who}: nothing is left of its server")
        later = self._drill(who, datetime.now(UTC) + timedelta(days=2))
        yield _failed(f"{who}: an old backup", later, "more than 26 hours old")
        dump, written = self._file(record), self._file(record).with_suffix(".json")
        good = (dump.read_bytes(), written.read_bytes())
        spoilt = database.spoil(good[0])
        dump.write_bytes(spoilt)
        as_if = replace(record, size=len(spoilt), sha256=hashlib.sha256(spoilt).hexdigest())
        written.write_text(as_if.text())
        yield self._works(
            f"{who}: a dump damaged inside looks good", lambda: self.backups.verify(record.name)
        )
        found = self._drill(who, datetime.now(UTC))
        yield _failed(
            f"{who}: a dump damaged inside", found, "could not be restored into a server of its own"
        )
        yield self._ended(f"{who}: nothing is left of its failed server")
        dump.write_bytes(good[0])
        written.write_bytes(good[1])
        with self._set("ENDPOINT", "http://127.0.0.1:9", of=chosen(self.plan)[0].name)():
            found = self._drill(who, datetime.now(UTC))
        yield _failed(f"{who}: an unreachable store", found, "does not answer")
        yield _same(f"{who}: a drill touches nothing live", live, database.content(database.live))

    def damaged(self) -> Iterator[Check]:
        """A dump that is not what it was is found, and is not restored."""
        record = self._make("harvester")
        dump = self._file(record)
        good = dump.read_bytes()
        for what, content, words in (
            ("a truncated dump", good[: len(good) // 2], "in its record"),
            ("a changed dump", good[:-9] + b"!" + good[-8:], "another checksum than its record"),
        ):
            dump.write_bytes(content)
            yield self._fails(f"{what}: verified", lambda: self.backups.verify(record.name), words)
            yield self._fails(what, lambda: self.backups.restore(record.name, "elsewhere"), words)
        dump.unlink()
        yield self._fails("a lost dump", lambda: self.backups.verify(record.name), "has no")
        dump.write_bytes(good)
        missing = "harvester/20000101T000000Z"
        yield self._fails(
            "a backup of no day",
            lambda: self.backups.verify(missing),
            "has no consumed/",
            "/20000101T000000Z.json",
        )

    def refused(self) -> Iterator[Check]:
        """A refusal by the bucket or the database is clear, and leaves the databases as they are."""
        wrong = b64encode(b"not-the-secret").decode()
        for what, change, words in (
            (
                "a wrong secret key",
                self._changed(NAME, "secretKey", wrong),
                ("SignatureDoesNotMatch", "secretKey is wrong"),
            ),
            (
                "an unknown access key",
                self._changed(NAME, "accessKey", wrong),
                ("refuses PUT", "accessKey is not known"),
            ),
            ("no such bucket", self._set("BUCKET", "nowhere"), ("NoSuchBucket", "make it first")),
            ("a full bucket", self._set("BUCKET", bucket.SMALL), ("refuses PUT consumed/", "it is full")),
            (
                "no such server",
                self._set("ENDPOINT", "http://127.0.0.1:9"),
                ("does not answer", "Connection refused"),
            ),
            (
                "a wrong password of the database",
                self._changed("panda-secrets-harvester-envs", "MARIADB_PASSWORD", wrong),
                ("Access denied",),
            ),
            ("no such database", self._set("DB_NAME", "nothing", container="dump"), ("nothing",)),
        ):
            with change():
                yield self._fails(what, lambda: self._make("harvester"), *words)
        full = sorted(path.name for path in (self.buckets / bucket.SMALL).rglob("*.json"))
        yield _check("a full bucket: nothing looks like a backup", not full, str(full))

    def outdated(self) -> Iterator[Check]:
        """Older backups go once a newer one is there, those of others stay."""
        before = {each.name for each in self.backups.listed().records}
        leftover = self._file(Record("harvester/20200101T000000Z", "", "", 0, ""))
        leftover.write_bytes(b"half")
        yield _check(
            "an unfinished one is listed",
            self.backups.listed().unfinished == ["harvester/20200101T000000Z"],
            "it is not",
        )
        with self._set("KEEP", str(_KEEP))():
            made = [self._make("harvester").name for _ in range(_KEEP + 1)]
        after = self.backups.listed()
        kept = {each.name for each in after.records}
        others = {name for name in before if not name.startswith("harvester/")}
        yield _check("older ones are deleted", kept == {*made[-_KEEP:], *others}, str(kept))
        yield _check("what was never finished is deleted", not after.unfinished, str(after.unfinished))

    def hides_secrets(self) -> Check:
        """No log has a secret of the stack."""
        printed = "".join(self.cluster.logs)
        found = [
            f"{secret['metadata']['name']}.{key}"
            for secret in self.cluster.objects
            if secret["kind"] == "Secret"
            for key, value in secret["data"].items()
            # Services without a password have an empty one.
            if value and ("PASSWORD" in key or key == "secretKey") and b64decode(value).decode() in printed
        ]
        return _check("no log has a secret", not found, str(found))

    def _make(self, name: str) -> Record:
        (database,) = chosen(self.plan, name)
        record = self.backups.make(database)
        assert record is not None  # noqa: S101 - the log can be read here
        # Names have seconds.
        time.sleep(1)
        return record

    def _drill(self, name: str, now: datetime) -> Drilled:
        (found,) = drilled(self.backups, chosen(self.plan, name), now)
        return found

    def _ended(self, what: str) -> Check:
        """No process of a drill's server, and none of its files."""
        left = [str(each) for each in self.sandbox.folder.glob("work-of-*/server")]
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if b"work/server/data" in (words := process.read_bytes()):
                    left.append(words.replace(b"\0", b" ").decode())
        return _check(what, not left, str(left))

    def _file(self, record: Record) -> Path:
        return self.buckets / bucket.BUCKET / "consumed" / f"{record.name}.dump"

    def _there(self, record: Record) -> Check:
        content = self._file(record).read_bytes()
        found = (len(content), hashlib.sha256(content).hexdigest())
        return _check(f"{record.name}: in the bucket", found == (record.size, record.sha256), str(found))

    def _works(self, what: str, action: Callable[[], object]) -> Check:
        try:
            action()
        except PandaInfraError as error:
            return _check(what, False, str(error))
        return _check(what, True)

    def _fails(self, what: str, action: Callable[[], object], *words: str) -> Check:
        try:
            action()
        except PandaInfraError as error:
            return _check(what, all(word in str(error) for word in words), str(error))
        return _check(what, False, "it was accepted")

    def _changed(self, secret: str, key: str, value: str) -> Callable[[], Any]:
        """For a while, another value in a Secret."""
        return lambda: _replaced(self.cluster.object("Secret", secret)["data"], key, value)

    def _set(
        self, variable: str, value: str, container: str = "keep", of: str = "harvester"
    ) -> Callable[[], Any]:
        """For a while, another value of a variable of the CronJob."""
        cron_job = self.cluster.object("CronJob", f"{NAME}-{of}")
        pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for each in (*pod["initContainers"], *pod["containers"]):
            for variables in each["env"]:
                if each["name"] == container and variables["name"] == variable:
                    return lambda: _replaced(variables, "value", value)
        raise KeyError(variable)


@contextmanager
def _replaced(where: dict[str, Any], key: str, value: str) -> Iterator[None]:
    former, where[key] = where[key], value
    try:
        yield
    finally:
        where[key] = former


def _check(what: str, passed: bool, detail: str = "") -> Check:
    return Check(_CONSUMER, what, passed, detail)


def _failed(what: str, found: Drilled, words: str) -> Check:
    failed = found.result.outcome is Outcome.FAILED and words in found.result.detail
    return _check(what, failed, found.result.detail)


def _same(what: str, wanted: str, got: str) -> Check:
    return _check(what, wanted == got, f"{got} instead of {wanted}")
