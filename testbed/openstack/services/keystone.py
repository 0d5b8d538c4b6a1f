"""Keystone and Placement in one process: two applications, two ports.

Placement keeps its options in an object of its own, so that the two do not clash.
"""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: PLC0415 (both start while they are imported)

from __future__ import annotations

import os
import sys

from keystone.cmd import cli

from testbed.openstack.services import once, sqlite, web
from testbed.openstack.settings import REGION, Settings, current


def _bootstrap(settings: Settings) -> None:
    """What an operator does with keystone-manage, once."""
    config = str(settings.etc / "keystone.conf")
    url = settings.url("keystone")
    owner = ["--keystone-user", "root", "--keystone-group", "root"] if os.geteuid() == 0 else []
    # Joined: a password may begin with a hyphen.
    admin = [f"--bootstrap-password={settings.password}", "--bootstrap-region-id", REGION]
    admin += [word for kind in ("admin", "public", "internal") for word in (f"--bootstrap-{kind}-url", url)]
    for command in (
        ["db_sync"],
        ["fernet_setup", *owner],
        ["credential_setup", *owner],
        ["bootstrap", *admin],
    ):
        cli.CONF.reset()
        # As a function call: a password has no place among a process's arguments.
        cli.main(argv=["keystone-manage", "--config-file", config, *command], developer_config_file=None)


def _serve(settings: Settings) -> None:
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(settings.etc / "keystone.conf")
    os.environ["OS_PLACEMENT_CONFIG_DIR"] = str(settings.etc)
    # Keystone's commands leave options behind that its API would trip over.
    once.apart(_bootstrap, settings)
    sys.argv = ["keystone"]
    from keystone.wsgi.api import application as keystone

    web.serve("keystone", keystone, settings)
    from placement.wsgi.api import application as placement

    web.serve("placement", placement, settings).join()


if __name__ == "__main__":
    sqlite.share()
    _serve(current())
