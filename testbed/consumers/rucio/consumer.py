"""Rucio as a consumer of a stack: its database, its jobs one after another, its server between them."""

from __future__ import annotations

from collections.abc import Iterator

from testbed.consumers import postgres
from testbed.consumers.rucio import bootstrap, reconcile, server, verified
from testbed.consumers.rucio.job import Database
from testbed.consumers.sandbox import Check, Sandbox
from testbed.real.software import POSTGRES, RUCIO, RUCIO_EARLIER, Software

__all__ = ["IMAGES", "PARTS", "check", "start"]

IMAGES: tuple[Software, ...] = (POSTGRES, RUCIO, RUCIO_EARLIER)
_DATABASE = "rucio-db/postgres"
PARTS = (_DATABASE, "rucio-bootstrap/job", "rucio-config/job")


def start(sandbox: Sandbox) -> None:
    """Start the fixture of its database."""
    postgres.start_standard(sandbox, sandbox.container(_DATABASE))


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check the job that makes tables, start the server on them, and check the job that fills its catalog."""
    own = sandbox.container(_DATABASE).environment
    database = Database(sandbox.running(_DATABASE), own["POSTGRES_DB"], own["POSTGRES_USER"])
    yield from bootstrap.check(sandbox, database)
    server.start(sandbox)
    yield from reconcile.check(sandbox)
    yield from verified.check(sandbox, database)
