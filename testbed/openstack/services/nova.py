"""Nova's API, scheduler, conductor and one compute in one process, on Nova's own fake hypervisor.

The services are started as ``nova/cmd/*.py`` starts them, less the forking of workers; they talk over
oslo.messaging's in-memory transport. The compute keeps its servers in memory and cannot go on from an
earlier data base: a bed starts from nothing.
"""

# mypy: disable-error-code="import-not-found, import-untyped"
# ruff: noqa: E402 (Nova wants to be patched before anything else of it is imported)

from __future__ import annotations

import os
import time

os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"

from nova import monkey_patch

monkey_patch.patch(backend="threading")  # before anything else of Nova is imported

import nova.conf
import os_vif
from nova import config, context, objects, service
from nova.api.openstack import wsgi_app
from nova.cmd import manage
from nova.compute import rpcapi as compute
from nova.conductor import rpcapi as conductor
from nova.db import migration
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler
from oslo_log import log as logging
from paste import deploy

from testbed.openstack.services import once, sqlite, web
from testbed.openstack.settings import Settings, current


def _configure(settings: Settings) -> None:
    config.parse_args(["nova", "--config-file", str(settings.etc / "nova.conf")])
    logging.setup(nova.conf.CONF, "nova")
    objects.register_all()


def _make_cells(settings: Settings) -> None:
    """What an operator does with nova-manage, once: both data bases, cell0 and cell1."""
    _configure(settings)
    migration.db_sync(database="api")
    cells = manage.CellV2Commands()
    cells.map_cell0(f"sqlite:///{settings.database('nova_cell0')}")
    admin = context.get_admin_context()
    mapping = objects.CellMapping.get_by_uuid(admin, objects.CellMapping.CELL0_UUID)
    with context.target_cell(admin, mapping) as cell0:
        migration.db_sync(context=cell0)
    migration.db_sync()
    cells.create_cell(name="cell1")


def _serve(settings: Settings) -> None:
    # The migrations configure the process's logging and data bases for themselves.
    once.apart(_make_cells, settings)
    _configure(settings)
    os_vif.initialize()
    # A compute that cannot reach Placement at its start tries again only a minute later.
    while not settings.identity_ready.exists():
        time.sleep(0.05)
    objects.Service.enable_min_version_cache()
    service.Service.create(binary="nova-conductor", topic=conductor.RPC_TOPIC).start()
    service.Service.create(binary="nova-scheduler", topic=scheduler.RPC_TOPIC).start()
    service.Service.create(
        binary="nova-compute", topic=compute.RPC_TOPIC, topic_alt=compute.RPC_TOPIC_ALT
    ).start()
    host_mapping.discover_hosts(context.get_admin_context())
    wsgi_app._setup_service(nova.conf.CONF.host, "osapi_compute")
    application = deploy.loadapp(f"config:{nova.conf.CONF.wsgi.api_paste_config}", name="osapi_compute")
    web.serve("nova", application, settings).join()


if __name__ == "__main__":
    sqlite.share()
    _serve(current())
