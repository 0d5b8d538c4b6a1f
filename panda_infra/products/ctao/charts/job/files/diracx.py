"""Makes DiracX's databases and missing tables; refuses a table in which a column of this release is missing.

DiracX has no migrations: its own tool makes missing tables and ignores differences in existing ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mariadb import MariaDb, StopError, read

__all__ = ["main"]

_SETTINGS = Path("/job/settings.json")


def main() -> int:
    """Do what is necessary; 1 if the job cannot go on."""
    databases = json.loads(_SETTINGS.read_text())["databases"]
    for variable in (f"DIRACX_DB_URL_{name.upper()}" for name in databases):
        os.environ[variable] = read("databases", variable)
    try:
        server = MariaDb()
        for done in server.make(list(databases.values())):
            print(done)
        if problems := asyncio.run(_made(databases)):
            raise StopError("\n".join(problems))
    except StopError as error:
        print(error, file=sys.stderr)
        return 1
    print("DiracX's databases are complete")
    return 0


async def _made(databases: dict[str, str]) -> list[str]:
    """Make missing tables, unless a table has fewer columns than this release: then what is wrong."""
    from diracx.db.sql.utils import BaseSQLDB  # noqa: PLC0415 - its settings are read from variables

    urls = BaseSQLDB.available_urls()
    if unknown := sorted(set(databases) - set(urls)):
        return [f"this image does not know {', '.join(unknown)}; use an image of another release"]
    known = {name: BaseSQLDB.available_implementations(name)[0](urls[name]) for name in databases}
    problems: list[str] = []
    for name, database in known.items():
        async with database.engine_context(), database.engine.begin() as connection:
            problems += await connection.run_sync(
                lambda c, d=database, n=name: list(_lacking(c, d, databases[n]))
            )
    if problems:
        return problems
    for database in known.values():
        async with database.engine_context(), database.engine.begin() as connection:
            await connection.run_sync(database.metadata.create_all)
            await database.post_create(connection)
    return []


def _lacking(connection: Any, database: Any, name: str) -> Iterator[str]:
    from sqlalchemy import inspect  # noqa: PLC0415 - comes with it

    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for table in database.metadata.sorted_tables:
        if table.name in there:
            columns = {each["name"].lower() for each in inspector.get_columns(table.name)}
            if missing := sorted(
                {column.name for column in table.columns if column.name.lower() not in columns}
            ):
                yield (
                    f"{name}.{table.name} has no {', '.join(missing)}: another release made it, and DiracX has no "
                    "migrations; make a backup, change the table by hand, or use the earlier image"
                )


if __name__ == "__main__":
    sys.exit(main())
