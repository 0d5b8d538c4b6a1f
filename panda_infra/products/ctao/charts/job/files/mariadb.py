"""Databases of a MariaDB: those that are missing are made, if root's password is known, and nothing is ever dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pymysql

__all__ = ["MariaDb", "StopError", "read"]

_SECRETS = Path("/secrets")
_RIGHTS = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, LOCK TABLES, CREATE VIEW, "
    "SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE TEMPORARY TABLES"
)


class StopError(Exception):
    """The job cannot go on; its text tells an operator why and what to do."""


def read(folder: str, key: str) -> str:
    """A key of one of the job's Secrets; empty if this stack does not have it."""
    file = _SECRETS / folder / key
    return file.read_text() if file.exists() else ""


class MariaDb:
    """The server with DIRAC's databases, as the programs log in and, inside of the stack, as root."""

    def __init__(self) -> None:
        self.host, self.user = read("login", "host"), read("login", "user")
        self._port = int(read("login", "port"))
        self._root = read("root", "MARIADB_ROOT_PASSWORD")

    def query(self, statement: str, database: str = "", *values: Any, root: bool = False) -> Sequence[Any]:
        """Run a statement as the programs' user, or as root, and return its rows.

        Raises:
            StopError: the server refuses it.
        """
        user, password = ("root", self._root) if root else (self.user, read("login", "password"))
        try:
            with (
                pymysql.connect(
                    host=self.host,
                    port=self._port,
                    user=user,
                    password=password,
                    database=database or None,
                    autocommit=True,
                ) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(statement, values or None)
                rows: Sequence[Any] = cursor.fetchall()
        except pymysql.Error as error:
            where = f"{self.host}, database {database}" if database else self.host
            raise StopError(f"{where}: {user}: {error}") from None
        return rows

    def has(self) -> set[str]:
        """The databases that the programs' user sees."""
        return {name for (name,) in self.query("SHOW DATABASES")}

    def make(self, names: Sequence[str]) -> Iterator[str]:
        """Make the databases that are missing and let the programs' user work in all; yields what is done.

        Raises:
            StopError: some are missing and root's password is not known.
        """
        if self._root:
            known = {name for (name,) in self.query("SHOW DATABASES", root=True)}
            for name in names:
                if name not in known:
                    self.query(f"CREATE DATABASE `{name}`", root=True)
                    yield f"{name}: made"
                # In a GRANT, an underscore in a database's name matches any letter.
                self.query(
                    f"GRANT {_RIGHTS} ON `{name.replace('_', chr(92) + '_')}`.* TO %s@'%%'",
                    "",
                    self.user,
                    root=True,
                )
        if missing := sorted(set(names) - self.has()):
            raise StopError(
                f"{self.host} has no {', '.join(missing)} for {self.user}: let the owner of the server make them, "
                f"with the rights {_RIGHTS}"
            )

    def tables(self, database: str) -> set[str]:
        """The tables of a database."""
        return {name for (name,) in self.query("SHOW TABLES", database)}

    def triggers(self, database: str) -> set[str]:
        """The triggers of a database."""
        return {str(row[0]) for row in self.query("SHOW TRIGGERS", database)}
