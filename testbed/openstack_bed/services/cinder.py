"""Cinder's API, scheduler and one volume service in one process, so that RPC needs no broker.

The services are started like in ``cinder/cmd/*.py``, but without forked workers.
"""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: E402 (eventlet patches a process before anything else is imported)

from __future__ import annotations

import eventlet

eventlet.monkey_patch()

import sys

import eventlet.wsgi
from cinder import service
from cinder.common import constants
from cinder.wsgi import wsgi
from oslo_config import cfg
from oslo_log import log as logging

from testbed.openstack_bed.services import startup
from testbed.openstack_bed.services.middleware import watched
from testbed.openstack_bed.settings import HOST, VOLUME_BACKEND, Settings


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    sys.argv = ["cinder", "--config-file", str(settings.etc / "cinder.conf")]
    application = wsgi.initialize_application()
    # First, because the scheduler's start waits for the capabilities of the volume service.
    service.Service.create(
        host=f"{cfg.CONF.host}@{VOLUME_BACKEND}", service_name=VOLUME_BACKEND, binary=constants.VOLUME_BINARY
    ).start()
    service.Service.create(binary=constants.SCHEDULER_BINARY).start()
    startup.over()
    eventlet.wsgi.server(
        eventlet.listen((HOST, settings.ports["cinder"])),
        watched("cinder", application, settings),
        log=logging.getLogger("eventlet.wsgi"),
        debug=False,
    )
