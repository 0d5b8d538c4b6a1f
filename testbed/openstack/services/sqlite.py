"""Lets many threads of a service share one SQLite file."""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

_READS = ("SELECT", "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "RELEASE", "EXPLAIN")


def share() -> None:
    """Makes every transaction begin with its first write, by BEGIN IMMEDIATE, which waits its turn.

    oslo.db sends a plain BEGIN before the first statement of every transaction. One that has read and then
    wants to write is refused at once ("database is locked") when another one wrote in between, however long
    the time-out. Reads before the first write see what is committed, as in MySQL or PostgreSQL under READ
    COMMITTED.
    """
    event.listen(Engine, "connect", _connect)
    event.listen(Engine, "begin", _begin)
    event.listen(Engine, "before_cursor_execute", _before_execute)


def _connect(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")


def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.info["in_transaction"] = True  # keeps oslo.db's own BEGIN away


def _before_execute(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
    if connection.dialect.name != "sqlite" or cursor.connection.in_transaction:
        return
    if not statement.lstrip().upper().startswith(_READS):
        cursor.execute("BEGIN IMMEDIATE")
