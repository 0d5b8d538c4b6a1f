"""Glance's API over a folder of files."""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (Glance reads its environment while it is imported)

from __future__ import annotations

import os
import sys

from testbed.openstack_bed.services import startup, web
from testbed.openstack_bed.settings import Settings


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(settings.etc)
    sys.argv = ["glance-api"]
    from glance.common import wsgi_app

    served = web.serve("glance", wsgi_app.init_app(), settings)
    startup.over()
    served.join()
