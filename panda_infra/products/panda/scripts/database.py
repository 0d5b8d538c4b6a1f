"""Runs in a pod of a service: logs in to the service's database as the service does.

The question has the ``prefix`` of the variables with host, port, name, user and password, and ``backend``, the variable
with the kind of database.
"""

import os

import psycopg2

_NOTHING_TO_ASK = 77
_SECONDS = 20


def main(question):
    """Print one line about the result and return the exit code."""
    if os.environ[question["backend"]] != "postgres":
        print("the database is no PostgreSQL")
        return _NOTHING_TO_ASK
    own = {
        name: os.environ[question["prefix"] + name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")
    }
    try:
        connection = psycopg2.connect(
            host=own["HOST"],
            port=own["PORT"],
            dbname=own["NAME"],
            user=own["USER"],
            password=own["PASSWORD"],
            connect_timeout=_SECONDS,
        )
    except psycopg2.OperationalError as error:
        print(f"no log-in: {' '.join(str(error).split())}")
        return 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()")
        print(cursor.fetchone()[0])
    connection.close()
    return 0
