"""Magnum's API and conductor in one process, so that RPC needs no broker.

The services are started like in ``magnum.cmd.api`` and ``magnum.cmd.conductor``, but without forked workers.
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc"

from __future__ import annotations

from magnum.cmd import conductor  # first: it patches the process for eventlet

# isort: split
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import eventlet
import eventlet.wsgi
from magnum import objects
from magnum.api import app as api
from magnum.common import context as contexts
from magnum.common import exception, rpc_service, service, short_id
from magnum.service.periodic import MagnumPeriodicTasks
from oslo_log import log as logging

from testbed.openstack_bed.faults import FaultFile
from testbed.openstack_bed.services import startup
from testbed.openstack_bed.services.middleware import Application, Environ, StartResponse, watched
from testbed.openstack_bed.settings import HOST, Settings, current

_STATUS_SPACING = 1  # seconds between two checks of the clusters in progress; Magnum's own default is 10
_ROWS_WITHIN = 5.0
_POLL = 0.02
_READS = 20


class _Clusters(conductor.cluster_conductor.Handler):
    """Magnum's own handler, delayed by the fault ``row_seconds``."""

    def cluster_create(self, *args: object, **kwargs: object) -> object:
        if delay := FaultFile(current().folder).read().row_seconds:
            eventlet.sleep(delay)
        return super().cluster_create(*args, **kwargs)


def _settled(application: Application, settings: Settings) -> Application:
    """Hides two races of Magnum's from clients, which are more frequent here than with a real cloud.

    Magnum answers a create with 202 before its conductor has made the cluster's rows. It answers a GET at the end of
    a deletion with 400, because it reads the cluster and its node groups one after the other. The faults
    ``row_seconds`` and an ``Answer`` of 400 show both.
    """
    faults = FaultFile(settings.folder)

    def create(environ: Environ, start_response: StartResponse) -> list[bytes]:
        body = list(application(environ, start_response))
        if not faults.read().row_seconds:
            _await_rows(json.loads(b"".join(body)).get("uuid"))
        return body

    def read(environ: Environ, start_response: StartResponse) -> list[bytes]:
        for _ in range(_READS):
            head, body = _asked(application, environ)
            if not head[0].startswith("400 "):
                break
            eventlet.sleep(_POLL)
        start_response(*head)
        return body

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].rstrip("/")
        if method == "GET" and path.startswith("/v1/clusters"):
            return read(environ, start_response)
        if method == "POST" and path == "/v1/clusters":
            return create(environ, start_response)
        return application(environ, start_response)

    return answer


def _asked(application: Application, environ: Environ) -> tuple[tuple[Any, ...], list[bytes]]:
    """The arguments with which the application starts its response, and the body."""
    heads: list[tuple[Any, ...]] = []
    body = list(application(dict(environ), lambda *head: heads.append(head)))
    return heads[-1], body


def _await_rows(cluster: str | None) -> None:
    """Returns when the cluster and both its node groups are in the data base; at once if it was refused."""
    admin = contexts.make_admin_context(all_tenants=True)
    deadline = time.monotonic() + _ROWS_WITHIN
    while cluster and time.monotonic() < deadline:
        with suppress(exception.ClusterNotFound):
            if len(objects.Cluster.get_by_uuid(admin, cluster).nodegroups) == len(("master", "worker")):
                return
        eventlet.sleep(_POLL)


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    service.prepare_service(["magnum", "--config-file", str(settings.etc / "magnum.conf")])
    MagnumPeriodicTasks._periodic_spacing["sync_cluster_status"] = _STATUS_SPACING
    handlers = [
        conductor.indirection_api.Handler(),
        _Clusters(),
        conductor.conductor_listener.Handler(),
        conductor.credential_conductor.Handler(),
        conductor.ca_conductor.Handler(),
        conductor.federation_conductor.Handler(),
        conductor.nodegroup_conductor.Handler(),
    ]
    server = rpc_service.Service.create(
        conductor.CONF.conductor.topic, short_id.generate_id(), handlers, binary="magnum-conductor"
    )
    server.start()
    server.create_periodic_tasks()
    application = watched("magnum", _settled(api.load_app(), settings), settings)
    startup.over()
    socket = eventlet.listen((HOST, settings.ports["magnum"]))
    eventlet.wsgi.server(socket, application, log=logging.getLogger("eventlet.wsgi"), debug=False)
