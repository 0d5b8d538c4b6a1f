"""Runs in a pod of the PanDA server: prints the version of the tables in the server's database.

The question has ``host`` and ``name``, the database that the stack file names, and its ``schema``.
"""

import os

import psycopg2
from psycopg2 import sql

_NOTHING_TO_ASK = 77
_SECONDS = 10


def main(question):
    """Print one line, the version or what is wrong, and return the exit code."""
    own = {name: os.environ[f"PANDA_DB_{name}"] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    if os.environ["PANDA_DB_BACKEND"] != "postgres":
        print("the database is no PostgreSQL")
        return _NOTHING_TO_ASK
    if (own["HOST"], own["NAME"]) != (question["host"], question["name"]):
        print("the pods still use another database")
        return _NOTHING_TO_ASK
    try:
        connection = psycopg2.connect(
            host=own["HOST"],
            port=own["PORT"],
            dbname=own["NAME"],
            user=own["USER"],
            password=own["PASSWORD"],
            connect_timeout=_SECONDS,
        )
    except psycopg2.OperationalError:
        print("no log-in to the database")
        return 1
    # PanDA writes the names of schemas without quotes, so the server makes them lower case.
    table = sql.Identifier(question["schema"].lower(), "pandadb_version")
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                sql.SQL(
                    "SELECT major || '.' || minor || '.' || patch FROM {} "
                    "WHERE component IN ('PanDA', 'SERVER', 'JEDI') ORDER BY major, minor, patch LIMIT 1"
                ).format(table)
            )
            found = cursor.fetchone()
        except psycopg2.Error:
            found = None
    connection.close()
    print(found[0] if found else "the database has no version of its tables")
    return 0 if found else 1
