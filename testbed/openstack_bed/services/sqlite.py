"""Lets many threads of a service share one SQLite file."""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

_READS = ("SELECT", "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "RELEASE", "EXPLAIN")


def share() -> None:
    """Makes every transaction begin at its first write, with BEGIN IMMEDIATE, which waits for other writers.

    oslo.db sends a plain BEGIN before the first statement of every transaction. If another one writes between its
    first read and its first write, SQLite refuses the write at once ("database is locked"), whatever the time-out.
    Reads before the first write see committed data, as in MySQL or PostgreSQL under READ COMMITTED.
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
        connection.info["in_transaction"] = True  # suppresses oslo.db's own BEGIN


def _before_execute(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
    if connection.dialect.name != "sqlite" or cursor.connection.in_transaction:
        return
    if not statement.lstrip().upper().startswith(_READS):
        cursor.execute("BEGIN IMMEDIATE")
