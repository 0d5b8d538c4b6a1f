"""`verify` asks Rucio and its database, while the daemons run that carry files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panda_infra.products.registry import COMPONENTS
from testbed.consumers import postgres, verified
from testbed.consumers.rucio import daemons
from testbed.consumers.rucio.job import Database
from testbed.consumers.sandbox import Check, Sandbox

__all__ = ["check"]

_ME = "rucio"
_ASKED = ("rucio-db", "rucio", "rucio-config", "rucio-daemons")
# The poller waits a minute for news by default.
_OPTIONS: Mapping[str, tuple[str, ...]] = {"conveyor-poller": ("--older-than", "0")}


def check(sandbox: Sandbox, database: Database) -> Iterator[Check]:
    """Check that every question is answered, then that answers are wrong without tables, then without a database.

    Raises:
        BedError: the stack has no daemon of those behind an answer.
    """
    for part in (part for name in _ASKED for each in COMPONENTS[name].checks for part in each.behind):
        daemon = part.partition("/")[2]
        daemons.start(sandbox, daemon, *_OPTIONS.get(daemon, ()))
    yield from verified.answered(sandbox, _ME, *_ASKED)
    database.ask("DROP TABLE alembic_version")
    without = {"rucio-db.tables": "does not exist"}
    yield from verified.refuted(sandbox, _ME, "its tables have no version", without)
    postgres.stop(database.root)
    gone = {
        "rucio-db.database": "Is the server running",
        "rucio.whoami": "GET /auth/userpass is answered by 5",
    }
    yield from verified.refuted(sandbox, _ME, "its database is gone", gone)
