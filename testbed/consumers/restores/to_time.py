"""The drill of a restore to a time: archive every change, lose a table, get it back beside the live servers."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from panda_infra.errors import PandaInfraError
from panda_infra.live.archive_drills import ArchiveDrills
from panda_infra.live.archives import Archived
from panda_infra.live.backups import Restored
from panda_infra.live.recovery import Recovery, moment_of, to_recover
from panda_infra.plan.ownership import owner_of
from panda_infra.plan.postgres import ARCHIVE_KEYS, ARCHIVE_SECRET
from testbed.command_lines import watched_arguments
from testbed.consumers import postgres
from testbed.consumers.restores import archive, bucket
from testbed.consumers.restores.archive import Archive, Object
from testbed.consumers.restores.operator import Operator, begin
from testbed.consumers.sandbox import Check, Sandbox
from testbed.errors import BedError
from testbed.real.software import POSTGRES_ARCHIVED, Software
from testbed.waiting import eventually

__all__ = ["IMAGES", "check", "start"]

IMAGES: tuple[Software, ...] = (POSTGRES_ARCHIVED,)
_CONSUMER = "archive"
_SECONDS, _AT_ONCE = 60.0, 0.0
_DRILLS = 2
_AGES = (40, 35)
"""Days since each base backup, as the archive records them: the last 30 days need the second backup."""


def start(_sandbox: Sandbox) -> None:
    """Start nothing: the drill does it step by step."""


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Go through the drill."""
    with watched_arguments(every=0.02) as seen:
        drill = _Drill.begun(sandbox)
        yield from drill.archives()
        yield from drill.there_and_back()
        yield from drill.refuses()
        yield from drill.outdates()
        yield from drill.drills()
    yield from drill.hides_secrets("\n".join(seen))


@dataclass
class _Drill:
    sandbox: Sandbox
    operator: Operator
    each: Archived
    recovery: Recovery
    base: Path
    began: datetime
    printed: str = ""

    @classmethod
    def begun(cls, sandbox: Sandbox) -> _Drill:
        """The S3 server, and a server of PostgreSQL that archives there, with the database that the objects ask for."""
        assert sandbox.plan is not None  # noqa: S101 - the inside of the sandbox makes it
        plan = replace(sandbox.plan, owner=owner_of(sandbox.plan.stack, "of-the-drill"))
        each = to_recover(plan, None)
        store = _object(sandbox, "ObjectStore", ARCHIVE_SECRET)
        keys = _object(sandbox, "Secret", ARCHIVE_SECRET)["data"]
        buckets = bucket.start(sandbox, *(b64decode(keys[key]).decode() for key in ARCHIVE_KEYS))
        root = sandbox.root(POSTGRES_ARCHIVED, name="live")
        live = archive.read(
            root, store, [each for each in sandbox.objects if each["kind"] == "Secret"], each.cluster
        )
        postgres.make(root)
        settings = {
            "archive_mode": "on",
            "archive_command": live.archiving,
            # A base backup begins with a checkpoint, which takes minutes by default.
            "checkpoint_completion_target": "0",
        }
        begin(live, settings).wait(lambda: _serves(live), "answer")
        made = _object(sandbox, "Cluster", each.cluster)["spec"]["bootstrap"]["initdb"]
        for statement in (
            f"CREATE ROLE {made['owner']} LOGIN",
            f"CREATE DATABASE {made['database']} OWNER {made['owner']}",
        ):
            postgres.query(root, "postgres", statement)
        operator = Operator(sandbox, live, each.cluster)
        base = archive.base_backups(buckets, store, each.cluster)
        return cls(sandbox, operator, each, Recovery(operator, plan, _SECONDS), base, datetime.now(UTC))

    @property
    def live(self) -> Archive:
        """The live server."""
        return self.operator.live

    def archives(self) -> Iterator[Check]:
        """A base backup and what was written after it are in the bucket, packed as the objects ask for."""
        self._ask("CREATE TABLE works (id bigserial PRIMARY KEY, name text, load_ text)")
        self._write("before the base backup")
        yield self._refused(
            "a restore before the first base backup", self.began, "no base backup of panda-idds-postgres yet"
        )
        self.printed = self.live.back_up("backup-1")
        self._write("after the base backup")
        yield from self._switched("the changes are archived")
        found = {path.name for path in self.base.parent.rglob("*") if path.is_file()}
        yield _check("the base backup is packed", "data.tar.gz" in found, str(sorted(found)))
        packed = any(
            name.endswith(".gz") and len(name) == len("000000010000000000000001.gz") for name in found
        )
        yield _check("the changes are packed", packed, str(sorted(found)))

    def there_and_back(self) -> Iterator[Check]:
        """A table is lost, and is found again by the time before; the live server stays as it is."""
        before, moment = self._content(), self._now()
        self._ask("DROP TABLE works")
        self._ask("CREATE TABLE later (line text)")
        self._ask("INSERT INTO later VALUES ('written after the loss')")
        yield from self._switched("the loss is archived")
        service = self.recovery.start(self.each, moment_of(moment.isoformat()))
        yield _check("a Service has it", service == f"{self.each.cluster}-restored-rw", service)
        name = f"{self.each.cluster}-restored"
        failure = self.operator.failures.get(name, "")
        yield _check("it is restored", not failure, failure)
        if failure:
            return
        root = self.operator.roots[name]
        restored = postgres.query(root, "postgres", _CONTENT, database=self._database)
        yield _check("the same again", restored == before, f"{restored} instead of {before}")
        later = postgres.query(root, "postgres", _TABLES, database=self._database)
        yield _check("nothing from after that time", later == "works", later)
        yield _check("the live one is untouched", self._ask(_TABLES) == "later", self._ask(_TABLES))
        mode = postgres.query(root, "postgres", "SHOW archive_mode")
        yield _check("it archives nothing", mode == "off", mode)
        yield self._refused("the same name again", moment, f"there is a database {name} already")

    def refuses(self) -> Iterator[Check]:
        """A wrong time is refused, before anything is made if that is known."""
        made = set(self.operator.roots)
        yield self._refused("a time before the first base backup", self.began, "is before 20", into="early")
        future = self._now() + timedelta(minutes=1)
        yield self._refused("a time in the future", future, "is in the future", into="late")
        yield _check("nothing was made for them", made == set(self.operator.roots), str(self.operator.roots))
        # No change was written after this time, so a recovery cannot reach it.
        impatient = replace(self.recovery, seconds=_AT_ONCE)
        yield self._refused(
            "a time after the last change", self._now(), "recovery target was reached", "last", impatient
        )

    def outdates(self) -> Iterator[Check]:
        """Older base backups are deleted, but for the one that the oldest time to restore to needs."""
        self._write_later()
        self.live.back_up("backup-2")
        before, _ = self.live.listed()
        self.live.age(dict(zip(before, _AGES, strict=True)))
        self.live.outdate()
        after, _ = self.live.listed()
        yield _check("older base backups are deleted", after == before[1:], f"{after} of {before}")
        left = sorted(path.name for path in self.base.iterdir())
        yield _check("their files too", left == before[1:], str(left))
        self._write_later()
        moment = self._now()
        self._write_later()
        yield from self._switched("it archives as before")
        self.recovery.start(self.each, moment, "again")
        failure = self.operator.failures.get("again", "")
        yield _check("what is left can be restored", not failure, failure)

    def drills(self) -> Iterator[Check]:
        """Everything that is archived is made into servers, counted there by the component's user, and deleted."""
        made, before = dict(self.operator.roots), len(self.operator.deleted)
        drills = ArchiveDrills(self.operator, self.recovery.plan, _SECONDS)
        newest = self.each.newest(self.operator, self.recovery.plan)
        try:
            found = str(drills.drill(self.each, newest))
        except PandaInfraError as error:
            found = str(error)
        yield _check("a drill of a table that the user may not read", "permission denied" in found, found)
        self._ask(f"ALTER TABLE later OWNER TO {self._login['owner']}")
        yield from self._switched("the last change is archived")
        restored = drills.drill(self.each, newest)
        rows = int(self._ask("SELECT count(*) FROM later"))
        yield _check("a drill counts what is there", restored == Restored(1, rows), f"{restored}, not {rows}")
        gone = self.operator.deleted[before:]
        yield _check("a drill deletes its servers", len(gone) == len(set(gone)) == _DRILLS, str(gone))
        yield _check("and no others", self.operator.roots == made, str(self.operator.roots))

    def hides_secrets(self, arguments: str) -> Iterator[Check]:
        """No program's arguments have a secret, nor does what the programs printed."""
        words = self.printed + arguments + "".join(self.operator.failures.values())
        secrets = [
            b64decode(value).decode()
            for each in self.sandbox.objects
            if each["kind"] == "Secret"
            for key, value in each["data"].items()
            if key != "username"
        ]
        yield _check("the programs were seen", "barman-cloud-backup" in arguments, arguments)
        yield _check("no argument has a secret", not any(each in words for each in secrets), "one has")

    @property
    def _login(self) -> Object:
        cluster = _object(self.sandbox, "Cluster", self.each.cluster)
        found: Object = cluster["spec"]["bootstrap"]["initdb"]
        return found

    @property
    def _database(self) -> str:
        return str(self._login["database"])

    def _ask(self, statement: str) -> str:
        return postgres.query(self.live.root, "postgres", statement, database=self._database)

    def _write(self, what: str) -> None:
        self._ask(
            f"INSERT INTO works (name, load_) SELECT '{what} ' || n, sha512(n::text::bytea)::text "  # noqa: S608
            "FROM generate_series(1, 5000) n"
        )

    def _write_later(self) -> None:
        self._ask("INSERT INTO later VALUES ('one more')")

    def _content(self) -> str:
        return self._ask(_CONTENT)

    def _now(self) -> datetime:
        return datetime.fromisoformat(self._ask("SELECT clock_timestamp()"))

    def _switched(self, what: str) -> Iterator[Check]:
        """Close the file of changes that is being written, and wait until it is archived."""
        name = self._ask("SELECT pg_walfile_name(pg_switch_wal())")
        last = "SELECT last_archived_wal FROM pg_stat_archiver"
        done = eventually(lambda: self._ask(last) >= name, _SECONDS)
        failed = self._ask("SELECT failed_count FROM pg_stat_archiver")
        log = (self.live.root.folder.with_name("postgres.log")).read_text()[-2000:]
        yield _check(what, done and failed == "0", f"{failed} failures, waited for {name}: {log}")

    def _refused(
        self, what: str, moment: datetime, words: str, into: str | None = None, by: Recovery | None = None
    ) -> Check:
        try:
            (by or self.recovery).start(self.each, moment_of(moment.isoformat()), into)
        except PandaInfraError as error:
            return _check(what, words in str(error), str(error))
        return _check(what, False, "it was accepted")


_TABLES = "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"
_CONTENT = "SELECT count(*), md5(string_agg(works::text, ',' ORDER BY id)) FROM works"


def _object(sandbox: Sandbox, kind: str, name: str) -> Object:
    return next(each for each in sandbox.objects if (each["kind"], each["metadata"]["name"]) == (kind, name))


def _serves(live: Archive) -> bool:
    try:
        return postgres.query(live.root, "postgres", "SELECT 1") == "1"
    except BedError:
        return False


def _check(what: str, passed: bool, detail: str = "") -> Check:
    return Check(_CONSUMER, what, passed, detail)
