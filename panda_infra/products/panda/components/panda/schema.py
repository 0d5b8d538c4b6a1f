"""The tables that the images of server and JEDI need, and the query for those in the database.

PanDA keeps the version of its tables in the table `pandadb_version`: since 0.0.30 one row, of `PanDA`, before that one
each of `SERVER` and `JEDI`. The server's own check at its start only prints that the tables are too old, and goes on.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.products.panda.verification import PANDA_PYTHON
from panda_infra.products.schemas import VERSION, Schema
from panda_infra.products.verification import postgres, python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from panda_infra.config.stack import Settings

__all__ = ["SCHEMA"]

# pandaserver/taskbuffer/PandaDBSchemaInfo.py of each release of github.com/PanDAWMS/panda-server: the tables that it
# needs at least. Tag 0.7.2 has the release 0.8.0.
_LEAST = MappingProxyType(
    {
        "0.3.8": "0.0.17",
        "0.3.13": "0.0.18",
        "0.3.19": "0.0.19",
        "0.3.22": "0.0.20",
        "0.5.0": "0.0.22",
        "0.5.1": "0.0.23",
        "0.6.0": "0.0.25",
        "0.6.4": "0.0.26",
        "0.6.6": "0.0.28",
        "0.7.2": "0.1.1",
    }
)
_KNOWN = "1.0.4"
# The schema is in the user's search path, as the image has made the user.
_QUERY = (
    "SELECT major || '.' || minor || '.' || patch FROM pandadb_version "
    "WHERE component IN ('PanDA', 'SERVER', 'JEDI') ORDER BY major, minor, patch LIMIT 1"
)
_WHOLE = rf"^{VERSION}$"
_SCRIPT = Path(__file__).parents[2] / "scripts" / "schema.py"


def _stated(config: Settings) -> str | None:
    panda = config.components.get(Panda)
    return panda.settings.database_schema if panda else None


def _given(config: Settings) -> Mapping[str, Any]:
    """The database of the stack file: a running pod may still use another one."""
    database = config.components.of(Panda).settings.database
    return {"host": database.host, "name": database.name, "schema": database.schemas.panda}


SCHEMA = Schema(
    parts=("server", "jedi"),
    least=_LEAST,
    known=_KNOWN,
    key="settings.databaseSchema",
    stated=_stated,
    asks=(
        postgres("panda/postgres", _QUERY, "PANDA_DB", "PANDA_DB_NAME", holds=_WHOLE),
        # An external database may be reachable only from a pod that uses it.
        python("panda/server", PANDA_PYTHON, _SCRIPT, _given, holds=_WHOLE),
    ),
    patching=(
        "Have the database's tables patched first, by the files of schema/postgres/sqls/patches of "
        "github.com/PanDAWMS/panda-database, one after the other"
    ),
)
