"""Two servers of PostgreSQL in two data centres, and Rucio's server, which goes on with the second one and comes back.

What CloudNativePG does for the databases of an operator is done here by hand: a replica by a base backup, the former
primary stopped and demoted, the other one promoted when it has all that was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from testbed.consumers import postgres
from testbed.consumers.rucio import server
from testbed.consumers.rucio.job import Job
from testbed.consumers.rucio.reconcile import calls
from testbed.consumers.sandbox import Check, Program, Root, Sandbox
from testbed.errors import BedError
from testbed.real.software import POSTGRES, RUCIO, Software
from testbed.waiting import eventually

__all__ = ["IMAGES", "NORTH", "PARTS", "SOUTH", "check", "start"]

IMAGES: tuple[Software, ...] = (POSTGRES, RUCIO)
PARTS = ("rucio-bootstrap/job", "rucio-config/job")
NORTH, SOUTH = "north.site.org", "south.site.org"
_NAME = "failover"
_ADDRESSES = {NORTH: "127.79.0.1", SOUTH: "127.79.0.2"}
_PORT, _REPLICATOR, _PASSWORD = 5432, "replicator", "of-the-replicas"
_BIN, _DATA, _PASSFILE = postgres.BIN, postgres.DATA, "/var/lib/postgresql/passfile"
_USER = "postgres:postgres"
_AUTO = f"{_DATA}/postgresql.auto.conf"
_SECONDS = 120.0


@dataclass
class _Server:
    """A server of PostgreSQL in one data centre."""

    root: Root
    host: str
    program: Program | None = None

    def ask(self, statement: str, database: str = "postgres") -> str:
        return postgres.query(self.root, "postgres", statement, database=database)

    def begin(self, follows: str = "") -> None:
        """Start it as primary, or as a replica of another host."""
        signal = self.root.path(f"{_DATA}/standby.signal")
        settings = {
            "listen_addresses": _ADDRESSES[self.host],
            "port": str(_PORT),
            "unix_socket_directories": postgres.SOCKET,
            "shared_preload_libraries": "",
        }
        if follows:
            # The password is in a passfile: in the settings, each copy of the server would contain it.
            settings["primary_conninfo"] = (
                f"host={_ADDRESSES[follows]} port={_PORT} user={_REPLICATOR} passfile={_PASSFILE}"
            )
            self.root.write(f"{_DATA}/standby.signal", "")
            self.root.must("chown", _USER, f"{_DATA}/standby.signal")
        else:
            signal.unlink(missing_ok=True)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.program = self.root.start(f"{_BIN}/postgres", "-D", _DATA, *words, user=_USER)
        self.program.wait_for(_ADDRESSES[self.host], _PORT)

    def end(self) -> None:
        """Stop it; before it ends, it sends all changes to its replica."""
        postgres.stop(self.root)

    def last(self) -> str:
        """The position of its last change, from its control file."""
        shown = self.root.must(f"{_BIN}/pg_controldata", "-D", _DATA, user=_USER)
        return next(
            line.rpartition(" ")[2]
            for line in shown.splitlines()
            if line.startswith("Latest checkpoint location")
        )


@dataclass
class _Rucio:
    """Rucio's server, and its client."""

    sandbox: Sandbox
    program: Program

    def asked(self, *asked: list[Any]) -> list[Any]:
        """Answers of the server to the account root."""
        return calls(Job(self.sandbox, "rucio-config"), *asked)

    def begin(self, variant: str) -> None:
        self.program = server.start(self.sandbox, variant)

    def end(self) -> None:
        self.program.process.terminate()
        self.program.process.wait(_SECONDS)


def start(sandbox: Sandbox) -> None:
    """Name both servers; they are made step by step."""
    for host, address in _ADDRESSES.items():
        sandbox.name(host, address)


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check that Rucio continues in the second data centre with all data of the first one, and comes back."""
    north = _first(sandbox)
    yield Job(sandbox, "rucio-bootstrap").run().ends(_NAME, "the tables are made", "made account root")
    running = _Rucio(sandbox, server.start(sandbox))
    south = _second(sandbox, north)
    following = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
    yield Check(_NAME, "the replica follows", eventually(lambda: north.ask(following) == "1"))
    copied = south.root.path(_AUTO).read_text()
    yield Check(_NAME, "a replica has no target of an old restore", "recovery_target" not in copied, copied)
    yield Check(_NAME, "a replica has no password in its settings", _PASSWORD not in copied, "it has")
    yield from _over(running, north, south, "south")
    yield from _over(running, south, north, "")


def _over(rucio: _Rucio, old: _Server, new: _Server, variant: str) -> Iterator[Check]:
    """Fail over from one server to the other; a variant of the stack file then describes Rucio's server."""
    way, account = f"to {new.host}", f"before{new.host[:5]}"
    rucio.asked(["add_account", account, "USER", "a@site.org"])
    # Fence: no client writes any more, and the former primary has sent all changes.
    rucio.end()
    old.end()
    last = old.last()
    reached = f"SELECT pg_last_wal_replay_lsn() >= '{last}'::pg_lsn"
    yield Check(
        _NAME, f"{way}: it has all that was written", eventually(lambda: new.ask(reached) == "t"), last
    )
    yield Check(_NAME, f"{way}: nothing writes before", *_refused(new, "a replica takes writes"))
    new.ask("SELECT pg_promote(true, 60)")
    yield Check(_NAME, f"{way}: promoted", new.ask("SELECT pg_is_in_recovery()") == "f", "it follows")
    old.begin(follows=new.host)
    rucio.begin(variant)
    known = rucio.asked(["get_account", account])
    yield Check(
        _NAME, f"{way}: Rucio knows what was written last", known[0]["account"] == account, str(known)
    )
    after = f"after{new.host[:5]}"
    rucio.asked(["add_account", after, "USER", "b@site.org"])
    yield Check(_NAME, f"{way}: what Rucio writes is there", after in _accounts(new), "it is not")
    follows = eventually(lambda: after in _accounts(old))
    yield Check(_NAME, f"{way}: the former primary follows", follows, "it does not")
    yield Check(_NAME, f"{way}: the former primary refuses writes", *_refused(old, "it takes writes"))


def _accounts(found: _Server) -> str:
    return found.ask("SELECT account FROM accounts", "rucio")


def _refused(found: _Server, otherwise: str) -> tuple[bool, str]:
    try:
        found.ask("CREATE TABLE written_here (line text)", "rucio")
    except BedError as error:
        return "read-only transaction" in str(error), str(error)
    return False, otherwise


def _login(sandbox: Sandbox) -> Mapping[str, str]:
    """User, password and database of the stack."""
    folder = "/secrets/database/"
    files = sandbox.container("rucio-bootstrap/job").files
    return {
        path.removeprefix(folder): file.content.decode()
        for path, file in files.items()
        if path.startswith(folder)
    }


def _first(sandbox: Sandbox) -> _Server:
    """The primary, with settings that a restore to a time has left."""
    found, login = _Server(sandbox.root(POSTGRES, name="north"), NORTH), _login(sandbox)
    postgres.make(found.root)
    with found.root.path(f"{_DATA}/pg_hba.conf").open("a") as file:
        file.write("host replication all all scram-sha-256\n")
    found.begin()
    found.ask("ALTER SYSTEM SET recovery_target_name = 'of-an-old-restore'")
    for statement in (
        f"CREATE ROLE {_REPLICATOR} REPLICATION LOGIN PASSWORD '{_PASSWORD}'",
        f"CREATE ROLE {login['user']} LOGIN PASSWORD '{login['password']}'",
        f"CREATE DATABASE rucio OWNER {login['user']}",
    ):
        found.ask(statement)
    return found


def _second(sandbox: Sandbox, north: _Server) -> _Server:
    """A replica, made of a base backup; one with the target of a restore would refuse to be promoted (C27)."""
    north.ask("ALTER SYSTEM RESET recovery_target_name")
    found = _Server(sandbox.root(POSTGRES, name="south"), SOUTH)
    for each in (north, found):
        line = f"*:*:*:{_REPLICATOR}:{_PASSWORD}\n"
        each.root.write(_PASSFILE, line, 0o600)
        each.root.must("chown", _USER, _PASSFILE)
    postgres.prepare(found.root)
    found.root.must(
        f"{_BIN}/pg_basebackup",
        *("-h", _ADDRESSES[NORTH], "-U", _REPLICATOR, "-D", _DATA, "-X", "stream", "-c", "fast"),
        user=_USER,
        environment={"PGPASSFILE": _PASSFILE},
    )
    found.begin(follows=NORTH)
    return found
