"""Glance's API over a folder of files."""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (Glance reads its environment while it is imported)

from __future__ import annotations

import os
import sys

from oslo_db.sqlalchemy import enginefacade

from testbed.openstack.services import sqlite, web
from testbed.openstack.settings import Settings, current


def _make_tables(settings: Settings) -> None:
    """From the models: the migrations alter tables in ways that SQLite cannot."""
    from glance.db.sqlalchemy import models, models_metadef

    facade = enginefacade.transaction_context()
    facade.configure(connection=f"sqlite:///{settings.database('glance')}")
    engine = facade.writer.get_engine()
    models.register_models(engine)
    models_metadef.register_models(engine)
    engine.dispose()


def _serve(settings: Settings) -> None:
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(settings.etc)
    sys.argv = ["glance-api"]
    # Only now: the import reads the variable.
    from glance.common import wsgi_app

    _make_tables(settings)
    web.serve("glance", wsgi_app.init_app(), settings).join()


if __name__ == "__main__":
    sqlite.share()
    _serve(current())
