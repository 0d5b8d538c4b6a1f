"""Neutron's API with the ML2 plug-in and no agents: networks exist, nothing is wired."""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (Neutron starts while it is imported)

from __future__ import annotations

import os
import sys

from testbed.openstack_bed.services import startup, web
from testbed.openstack_bed.settings import Settings


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    os.environ["OS_NEUTRON_CONFIG_DIR"] = str(settings.etc)
    os.environ["OS_NEUTRON_CONFIG_FILES"] = "neutron.conf"
    sys.argv = ["neutron-api"]
    from neutron.wsgi.api import application

    served = web.serve("neutron", application, settings)
    startup.over()
    served.join()
