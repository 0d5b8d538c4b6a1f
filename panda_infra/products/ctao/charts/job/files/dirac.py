"""Makes DIRAC's databases, and those tables and triggers of its SQL files that are missing; none is dropped or changed.

DIRAC has no migrations, and its own installer skips an existing database, whatever tables that has (C22, C25).
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mariadb import MariaDb, StopError

__all__ = ["main", "statements"]

_SETTINGS = Path("/job/settings.json")
_TABLE = re.compile(r"CREATE\s+TABLE\s+(IF\s+NOT\s+EXISTS\s+)?`?(?P<name>\w+)`?", re.IGNORECASE)
_TRIGGER = re.compile(r"CREATE\s+TRIGGER\s+(IF\s+NOT\s+EXISTS\s+)?`?(?P<name>\w+)`?", re.IGNORECASE)
_NOT_OURS = re.compile(r"(DROP|USE|CREATE\s+DATABASE|GRANT|FLUSH)\b", re.IGNORECASE)


def main() -> int:
    """Do what is necessary; 1 if the job cannot go on."""
    settings = json.loads(_SETTINGS.read_text())
    server = MariaDb()
    try:
        for done in server.make(settings["databases"]):
            print(done)
        for database in settings["databases"]:
            for done in _tables(server, database, settings["packages"]):
                print(f"{database}: {done}")
    except StopError as error:
        print(error, file=sys.stderr)
        return 1
    print("DIRAC's databases are complete")
    return 0


def _tables(server: MariaDb, database: str, packages: list[str]) -> Iterator[str]:
    tables, triggers = server.tables(database), server.triggers(database)
    for statement in statements(_file(database, packages).read_text()):
        # DIRAC counts by its triggers: a run that was killed between a table and its trigger is completed by the next.
        for kind, form, known in (("table", _TABLE, tables), ("trigger", _TRIGGER, triggers)):
            if made := form.match(statement):
                if made["name"] not in known:
                    server.query(statement, database)
                    yield f"{kind} {made['name']} made"
                break
        else:
            # Rows belong to the first start alone.
            if not tables:
                server.query(statement, database)


def _file(database: str, packages: list[str]) -> Path:
    """The SQL file of a database; that of an extension comes before DIRAC's.

    Raises:
        StopError: no package has one.
    """
    for package in packages:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            for file in sorted(Path(folder).glob(f"*/DB/{database}.sql")):
                return file
    raise StopError(
        f"{database}: none of {', '.join(packages)} has its tables; use an image of another release"
    )


def statements(text: str) -> Iterator[str]:
    """The statements of an SQL file of DIRAC, without comments and without those about databases and rights.

    Raises:
        StopError: it contains procedures, whose statements cannot be separated.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith(("--", "#"))]
    if any(line.upper().startswith("DELIMITER") for line in lines):
        raise StopError("an SQL file with procedures is not known to this job")
    for statement in "\n".join(lines).split(";"):
        if statement.strip() and not _NOT_OURS.match(statement.strip()):
            yield statement.strip()


if __name__ == "__main__":
    sys.exit(main())
