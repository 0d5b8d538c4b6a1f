"""Keystone and Placement in one process: two applications, two ports.

Placement keeps its options in an object of its own, so that the two do not clash.
"""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (both start while they are imported)

from __future__ import annotations

import os
import sys
from types import ModuleType

from testbed.openstack_bed.services import startup, web
from testbed.openstack_bed.settings import Settings


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(settings.etc / "keystone.conf")
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(settings.etc)
    sys.argv = ["keystone"]
    _skip_saml()
    from keystone.wsgi.api import application as keystone

    web.serve("keystone", keystone, settings)
    from placement.wsgi.api import application as placement

    placed = web.serve("placement", placement, settings)
    startup.over()
    placed.join()


def _skip_saml() -> None:
    """Replaces the schemas of SAML, which take over half of Keystone's import time and are not used here."""
    schema = ModuleType("saml2.xml.schema")
    schema.validate = schema.XMLSchemaError = NotImplementedError  # type: ignore[attr-defined]
    sys.modules[schema.__name__] = schema
