"""The two kinds of databases, filled with content that a restore must bring back."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Protocol

from testbed.consumers import mariadb, postgres
from testbed.consumers.sandbox import Root, Sandbox

__all__ = ["Database", "Harvester", "Panda"]


class Database(Protocol):
    """A database that is filled, lost and compared."""

    @property
    def name(self) -> str:
        """Its name in the names of its backups."""

    @property
    def live(self) -> str:
        """Its name at its server."""

    def fill(self) -> None:
        """Make tables and every other kind of object, with rows that do not compress well."""

    def content(self, database: str) -> str:
        """Checksums of everything in it, for comparison."""

    def counted(self) -> tuple[int, int]:
        """The number of tables of the live database that a dump has, and of their rows."""

    def spoil(self, dump: bytes) -> bytes:
        """Damage what a dump restores, so that it can still be read to its end."""

    def migrate(self) -> None:
        """Make a table in the live database that refers to another, as a migration does."""

    def newer(self) -> str:
        """The number of objects in the live database that a migration has made."""

    def empty(self) -> None:
        """Lose everything in the live database."""


@dataclass(frozen=True)
class Panda:
    """PanDA's PostgreSQL, with the extension of the administrator that its image has."""

    root: Root
    name: str = "panda"
    live: str = "panda_db"

    @classmethod
    def of(cls, sandbox: Sandbox) -> Panda:
        """The PostgreSQL of a sandbox in which it runs."""
        return cls(sandbox.running("panda/postgres"))

    def ask(self, statement: str, database: str = "", user: str = "postgres") -> str:
        """Rows of an answer, inside the pod."""
        return postgres.query(self.root, user, statement, database=database or self.live)

    def fill(self) -> None:
        """Make a small part of what PanDA's own scripts make; if these have run, add to their tables."""
        self.ask("ALTER DATABASE panda_db OWNER TO postgres")
        self.ask("CREATE SCHEMA IF NOT EXISTS partman")
        self.ask("CREATE EXTENSION IF NOT EXISTS pg_partman SCHEMA partman")
        for statement in (
            "CREATE TABLE doma_panda.jobs (id serial PRIMARY KEY, name text NOT NULL, at timestamptz, load bytea)",
            "CREATE TABLE doma_panda.parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day)",
            "CREATE TABLE doma_panda.parts_1 PARTITION OF doma_panda.parts "
            "FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
            "INSERT INTO doma_panda.parts SELECT n, '2026-01-01'::date + n FROM generate_series(1, 300) n",
            "INSERT INTO doma_panda.jobs (name, at, load) SELECT 'größe '' \\ ' || n, now(), sha512(n::text::bytea) "
            "FROM generate_series(1, 4000) n",
            "CREATE INDEX by_name ON doma_panda.jobs (name)",
            "CREATE VIEW doma_panda.late AS SELECT id FROM doma_panda.jobs WHERE at < now()",
            "CREATE FUNCTION doma_panda.one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ):
            self.ask(statement, user="panda")
        # The extension makes such partitions every night.
        self.ask(
            "CREATE TABLE doma_panda.parts_2 PARTITION OF doma_panda.parts "
            "FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')"
        )

    def grant(self) -> None:
        """Let the user read what the administrator's extension makes."""
        self.ask("GRANT pg_read_all_data TO panda")

    def content(self, database: str) -> str:
        """Checksums of both tables, the next number of the sequence, and the names of all other objects."""
        return self.ask(
            "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM doma_panda.jobs t UNION ALL "
            "SELECT md5(string_agg(p::text, ',' ORDER BY id)) FROM doma_panda.parts p UNION ALL "
            "SELECT last_value::text FROM doma_panda.jobs_id_seq UNION ALL "
            "SELECT doma_panda.one()::text UNION ALL SELECT count(*)::text FROM doma_panda.late UNION ALL "
            "SELECT string_agg(indexdef, ',' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'doma_panda'",
            database,
        )

    def counted(self) -> tuple[int, int]:
        """All tables but the administrator's; a partitioned table has no rows of its own."""
        tables, rows = self.ask(
            "SELECT count(*), sum((xpath('//c/text()', query_to_xml(format('SELECT count(*) AS c FROM ONLY %I.%I', "
            "schemaname, tablename), false, true, '')))[1]::text::bigint) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'partman')"
        ).split("|")
        return int(tables), int(rows)

    def spoil(self, dump: bytes) -> bytes:
        """Damage a statement in the dump's table of contents."""
        return dump.replace(b"CREATE VIEW doma_panda.late", b"CREATE VIEX doma_panda.late")

    def migrate(self) -> None:
        """Make a table with a type of its own, and a trigger."""
        for statement in (
            "CREATE TYPE doma_panda.state AS ENUM ('new')",
            "CREATE TABLE doma_panda.later (id serial PRIMARY KEY, job int REFERENCES doma_panda.jobs, "
            "state doma_panda.state)",
            "CREATE FUNCTION doma_panda.as_is() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER kept BEFORE UPDATE ON doma_panda.jobs FOR EACH ROW EXECUTE FUNCTION doma_panda.as_is()",
        ):
            self.ask(statement, user="panda")

    def newer(self) -> str:
        """Types and functions count too, because a repeated migration would find them in its way."""
        return self.ask(
            "SELECT (SELECT count(*) FROM pg_type WHERE typname IN ('later', 'state')) + "
            "(SELECT count(*) FROM pg_proc WHERE proname = 'as_is')"
        )

    def empty(self) -> None:
        """Drop the tables."""
        self.ask("DROP TABLE doma_panda.jobs CASCADE")
        self.ask("DROP TABLE doma_panda.parts CASCADE")

    def prepare(self, database: str) -> None:
        """Make a database as the administrator, which PanDA's user may not."""
        self.ask(f"CREATE DATABASE {database} OWNER panda")


@dataclass(frozen=True)
class Harvester:
    """Harvester's MariaDB."""

    root: Root
    login: tuple[str, str]
    name: str = "harvester"
    live: str = "harvester"

    @classmethod
    def of(cls, sandbox: Sandbox) -> Harvester:
        """The MariaDB of a sandbox in which it runs."""
        environment = sandbox.container("harvester/mariadb").environment
        login = (environment["MARIADB_USER"], environment["MARIADB_PASSWORD"])
        return cls(sandbox.running("harvester/mariadb"), login)

    def ask(self, statement: str, database: str = "") -> str:
        """Rows of an answer, as Harvester's own user."""
        return mariadb.query(self.root, self.login, statement, database or self.live)

    def fill(self) -> None:
        """Make tables with all that a dump has options for."""
        self.ask(
            "CREATE TABLE work (id int AUTO_INCREMENT PRIMARY KEY, name varchar(200), load_ varbinary(64)); "
            "INSERT INTO work (name, load_) SELECT CONCAT('größe '' \\\\ ', seq), UNHEX(SHA2(seq, 512)) "
            "FROM seq_1_to_4000; "
            "CREATE TABLE counted (n int); INSERT INTO counted VALUES (0); "
            "CREATE VIEW late AS SELECT id FROM work WHERE id > 5; "
            "CREATE TRIGGER counting AFTER INSERT ON work FOR EACH ROW UPDATE counted SET n = n + 1; "
            "CREATE PROCEDURE one() SELECT 1; "
            "CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO UPDATE counted SET n = 0"
        )

    def content(self, database: str) -> str:
        """Checksums of both tables, and the names of all other objects."""
        names = self.ask(
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() UNION "
            "SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() UNION "
            "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE() UNION "
            "SELECT COUNT(*) FROM late UNION SELECT default_collation_name FROM information_schema.schemata "
            "WHERE schema_name = DATABASE() UNION "
            "SELECT MD5(GROUP_CONCAT(MD5(CONCAT(id, name, HEX(load_))) ORDER BY id)) FROM work",
            database,
        )
        return names + self.ask("SELECT n FROM counted", database)

    def counted(self) -> tuple[int, int]:
        """Both tables."""
        return 2, int(self.ask("SELECT (SELECT COUNT(*) FROM work) + (SELECT COUNT(*) FROM counted)"))

    def spoil(self, dump: bytes) -> bytes:
        """Damage a statement of the dump."""
        text = gzip.decompress(dump)
        return gzip.compress(text.replace(b"INSERT INTO `work`", b"INSERT INTO `walk`"))

    def migrate(self) -> None:
        """Make a table that refers to another."""
        self.ask("CREATE TABLE later (id int, FOREIGN KEY (id) REFERENCES work (id))")

    def newer(self) -> str:
        """The number of new tables; the migration makes nothing else."""
        return self.ask(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'later'"
        ).strip()

    def empty(self) -> None:
        """Drop everything."""
        self.ask("DROP TABLE work; DROP TABLE counted; DROP VIEW late; DROP PROCEDURE one; DROP EVENT daily")
