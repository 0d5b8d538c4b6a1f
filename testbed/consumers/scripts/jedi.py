"""Runs in JEDI's container: configures and connects JEDI's own modules. Prints lines [what, wanted, got]."""

import json
import os

from pandajedi.jediconfig import jedi_config
from pandajedi.jedicore.JediDBProxy import DBProxy


def report(what, wanted, got):
    print("\n" + json.dumps([what, wanted, got]), flush=True)


for name, variable in {
    "dbhost": "PANDA_DB_HOST",
    "dbname": "PANDA_DB_NAME",
    "dbuser": "PANDA_DB_USER",
    "dbpasswd": "PANDA_DB_PASSWORD",
    "schemaJEDI": "PANDA_DB_SCHEMAJEDI",
}.items():
    same = getattr(jedi_config.db, name, None) == os.environ[variable]
    report(f"configuration: {name} is {variable}", True, same)

database = DBProxy()
report("the database is connected", True, database.connect())
status, rows = database.querySQLS("SELECT current_user", {})
report("the database answers", jedi_config.db.dbuser, rows[0][0] if rows else status)
os._exit(0)  # threads of its connections would keep the process alive
