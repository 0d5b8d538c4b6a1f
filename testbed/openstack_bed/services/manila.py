"""Manila's API, scheduler and one share service in one process, so that RPC needs no broker.

The services are started like in ``manila/cmd/*.py``, but without forked workers.
"""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: E402 (eventlet patches a process before anything else is imported)

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys

from oslo_db.sqlalchemy import enginefacade

# An SQLite file has one writer, so Manila's independent transactions become part of the open one.
enginefacade._TransactionContextManager.independent = property(lambda manager: manager)

import eventlet.wsgi
from manila import service
from manila.wsgi import wsgi
from oslo_config import cfg
from oslo_log import log as logging

from testbed.openstack_bed.services import startup
from testbed.openstack_bed.services.middleware import watched
from testbed.openstack_bed.settings import HOST, SHARE_BACKEND, Settings


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    sys.argv = ["manila", "--config-file", str(settings.etc / "manila.conf")]
    application = wsgi.initialize_application()
    service.Service.create(binary="manila-scheduler").start()
    # Last, because it sends its capabilities to the scheduler at its start.
    host = f"{cfg.CONF.host}@{SHARE_BACKEND}"
    service.Service.create(
        host=host, service_name=SHARE_BACKEND, binary="manila-share", coordination=True
    ).start()
    startup.over()
    eventlet.wsgi.server(
        eventlet.listen((HOST, settings.ports["manila"])),
        watched("manila", application, settings),
        log=logging.getLogger("eventlet.wsgi"),
        debug=False,
    )
