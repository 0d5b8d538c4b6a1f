"""Nova's API, scheduler, conductor and one compute in one process, on Nova's own fake hypervisor.

The services are started like in ``nova/cmd/*.py``, but without forked workers; they use oslo.messaging's in-memory
transport. The compute keeps its servers in memory and cannot continue with an earlier data base, so a bed starts
from nothing.
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
from nova import config, context, objects, service
from nova.api.openstack import wsgi_app
from nova.compute import rpcapi as compute
from nova.conductor import rpcapi as conductor
from nova.objects import host_mapping
from nova.scheduler import rpcapi as scheduler
from oslo_log import log as logging
from paste import deploy

from testbed.openstack_bed.services import startup, web
from testbed.openstack_bed.settings import Settings


def configure(settings: Settings) -> None:
    """Reads Nova's options and registers its objects, as each of its commands does first."""
    config.parse_args(["nova", "--config-file", str(settings.etc / "nova.conf")])
    logging.setup(nova.conf.CONF, "nova")
    objects.register_all()


def run(settings: Settings) -> None:
    """Serves until the process ends."""
    configure(settings)
    application = deploy.loadapp(f"config:{nova.conf.CONF.wsgi.api_paste_config}", name="osapi_compute")
    objects.Service.enable_min_version_cache()
    service.Service.create(binary="nova-conductor", topic=conductor.RPC_TOPIC).start()
    service.Service.create(binary="nova-scheduler", topic=scheduler.RPC_TOPIC).start()
    # A compute that cannot reach Placement at its start retries only after a minute.
    while not settings.listens("placement"):
        time.sleep(0.05)
    service.Service.create(
        binary="nova-compute", topic=compute.RPC_TOPIC, topic_alt=compute.RPC_TOPIC_ALT
    ).start()
    host_mapping.discover_hosts(context.get_admin_context())
    wsgi_app._setup_service(nova.conf.CONF.host, "osapi_compute")
    served = web.serve("nova", application, settings)
    startup.over()
    served.join()
