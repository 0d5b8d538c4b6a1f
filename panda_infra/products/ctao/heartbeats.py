"""The exporter of the daemons' heartbeats: Rucio's own metrics do not show whether a daemon still works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.database import DATABASE_SECRET
from panda_infra.products.ctao.interfaces import ExternalDatabase, Interfaces
from panda_infra.products.metrics import POSTGRES_EXPORTER_IMAGE, Exporter

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["HEARTBEATS", "QUERIES"]

# Each thread of a daemon renews its row in every cycle. Rows of pods that died stay until another one removes them.
QUERIES = """\
rucio_heartbeat:
  query: >-
    SELECT readable AS daemon, EXTRACT(EPOCH FROM timezone('UTC', now()) - MAX(updated_at)) AS age_seconds
    FROM heartbeats GROUP BY readable
  metrics:
    - daemon: {usage: LABEL, description: The program of the daemon}
    - age_seconds: {usage: GAUGE, description: Seconds since the last heartbeat of one of its threads}
"""


def _address(config: Settings) -> dict[str, str]:
    """The database's address, with TLS only if it is outside: the exporter cannot find out by itself."""
    interfaces = config.maybe(Interfaces)
    outside = interfaces is not None and isinstance(interfaces.rucio_database, ExternalDatabase)
    mode = "require" if outside else "disable"
    return {"DATA_SOURCE_URI": f"$(DB_HOST):$(DB_PORT)/$(DB_NAME)?sslmode={mode}"}


HEARTBEATS = Exporter(
    name="heartbeats",
    image=POSTGRES_EXPORTER_IMAGE,
    port=9187,
    arguments=(
        "--extend.query-path=/exporter/queries.yaml",
        # The exporter of the database itself has the other metrics.
        "--disable-default-metrics",
        "--disable-settings-metrics",
    ),
    files={"queries.yaml": QUERIES},
    variables=_address,
    secrets={
        "DB_HOST": (DATABASE_SECRET, "host"),
        "DB_PORT": (DATABASE_SECRET, "port"),
        "DB_NAME": (DATABASE_SECRET, "database"),
        "DATA_SOURCE_USER": (DATABASE_SECRET, "user"),
        "DATA_SOURCE_PASS": (DATABASE_SECRET, "password"),
    },
    calls=(remotes.DATABASE,),
    remotes=remotes.database,
    unless=lambda config: "rucio-daemons" not in config.components.deployed(),
)
