"""Neutron's API with the ML2 plug-in and no agents: networks exist, nothing is wired."""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (Neutron starts while it is imported)

from __future__ import annotations

import os
import sys

from oslo_db.sqlalchemy import enginefacade

from testbed.openstack.services import sqlite, web
from testbed.openstack.settings import Settings, current


def _make_tables(settings: Settings) -> None:
    """From the models: the migrations alter tables in ways that SQLite cannot."""
    from neutron.db.migration.models import head

    facade = enginefacade.transaction_context()
    facade.configure(connection=f"sqlite:///{settings.database('neutron')}")
    engine = facade.writer.get_engine()
    head.get_metadata().create_all(engine)
    engine.dispose()


def _serve(settings: Settings) -> None:
    os.environ["OS_NEUTRON_CONFIG_DIR"] = str(settings.etc)
    os.environ["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
    sys.argv = ["neutron-api"]
    _make_tables(settings)
    # Only now: the import reads the variables and starts the service.
    from neutron.wsgi.api import application

    web.serve("neutron", application, settings).join()


if __name__ == "__main__":
    sqlite.share()
    _serve(current())
