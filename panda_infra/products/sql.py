"""Statements for MariaDB, with every value quoted."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["create_database", "create_user", "grant", "script", "update"]


def script(*statements: str) -> str:
    """A file of statements."""
    return "".join(f"{statement};\n" for statement in statements)


def create_database(name: str, options: str = "") -> str:
    """Creates a database unless the image's own start script has created it already."""
    return f"CREATE DATABASE IF NOT EXISTS {_identifier(name)} {options}".rstrip()


def create_user(user: str, password: str) -> str:
    """Creates a user that may connect from any host, unless it exists."""
    return f"CREATE USER IF NOT EXISTS {_text(user)}@'%' IDENTIFIED BY {_text(password)}"


def grant(database: str, user: str) -> str:
    """Grants a user all rights on a database."""
    return f"GRANT ALL PRIVILEGES ON {_identifier(database)}.* TO {_text(user)}@'%'"


def update(table: str, values: Mapping[str, str], where: Mapping[str, str]) -> str:
    """Changes the rows that have all values of ``where``."""
    changes = ", ".join(f"{_identifier(column)} = {_text(value)}" for column, value in values.items())
    rows = " AND ".join(f"{_identifier(column)} = {_text(value)}" for column, value in where.items())
    return f"UPDATE {_identifier(table)} SET {changes} WHERE {rows}"  # noqa: S608 - every part is quoted


def _identifier(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
