"""``python -m testbed.openstack_bed.services MODULE [ARGUMENT...]``: runs one of this package's modules."""

# ruff: noqa: PLC0415 (the order of imports matters)

from __future__ import annotations

import importlib
import sys

from testbed.openstack_bed.services import startup
from testbed.openstack_bed.settings import current


def main() -> None:
    """Calls the module's ``run`` with the bed's settings and the arguments."""
    module, *arguments = sys.argv[1:]
    startup.begin()
    service = importlib.import_module(f"{__package__}.{module}")
    # Imported late, because some services must import modules that SQLAlchemy imports too before it does.
    from testbed.openstack_bed.services import sqlite

    sqlite.share()
    service.run(current(), *arguments)


if __name__ == "__main__":
    main()
