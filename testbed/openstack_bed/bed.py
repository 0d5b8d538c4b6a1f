"""Starts and stops the OpenStack part of an instance of the test bed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from testbed import control_plane, processes
from testbed.openstack_bed import clouds_yaml, cluster, config_files, launch, seed, template
from testbed.openstack_bed import settings as settings_of
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.openstack_bed.faults import FaultFile, Faults
from testbed.openstack_bed.settings import OPTIONAL, Settings
from tools import venv

LOCK = Path(__file__).parent.with_name("requirements-openstack.lock")

# One process each; Keystone's also runs Placement.
_SERVICES = ("keystone", "nova", "magnum", "neutron", "cinder", "glance")
_Made = TypeVar("_Made")


def start(
    state: Path,
    *,
    faults: Faults | None = None,
    shares: bool = False,
    report: Callable[[str], None] = print,
) -> OpenStackBed:
    """Starts a cloud in ``<state>/openstack`` and returns when clusters can be created.

    Remains of an earlier start are stopped and removed first.

    Args:
        state: the instance's folder, absolute; it is made if it is missing.
        faults: the faults that are on from the beginning.
        shares: if true, the cloud has Manila, which is missing from some clouds.
        report: gets a line if the services' virtual environment must be made first.

    Raises:
        BedError: a service ended or did not answer in time; then nothing is left running, and the logs stay.
        ToolsError: the services' virtual environment cannot be made.
    """
    services = venv.ensure(LOCK, "openstack", report)
    prepared = template.ensure(services, report)
    stop(state)
    settings = template.settings(_folder(state), services, template.password(prepared))
    config_files.write(settings)
    template.copy(prepared, settings, without=() if shares else OPTIONAL)
    settings.save()
    FaultFile(settings.folder).write(faults or Faults())
    try:
        pids = _bring_up(settings, _SERVICES + (OPTIONAL if shares else ()))
    except BaseException:
        _stop_processes(settings.folder)
        raise
    # The record is written last: without it, a start was interrupted.
    (settings.folder / "pids.json").write_text(json.dumps(pids))
    return OpenStackBed(settings)


def find(state: Path) -> OpenStackBed | None:
    """The cloud of the instance in ``state`` if it was started and any of its services is alive."""
    folder = _folder(state)
    if not (folder / "pids.json").exists() or not processes.alive(folder):
        return None
    return OpenStackBed(settings_of.load(folder))


def stop(state: Path) -> None:
    """Ends every service and every cluster's control plane and removes the cloud's folder."""
    _stop_processes(_folder(state))
    shutil.rmtree(_folder(state), ignore_errors=True)


def _folder(state: Path) -> Path:
    return state / "openstack"


def _bring_up(settings: Settings, services: Sequence[str]) -> dict[str, int]:
    """Starts all services at once and seeds each as soon as it answers; returns their process ids."""
    started = {name: launch.spawn(settings, name) for name in services}

    def fill(api: str, records: Callable[[Settings], _Made]) -> _Made:
        launch.await_api(settings, started.values(), api)
        return records(settings)

    launch.await_api(settings, started.values(), "keystone")
    with ThreadPoolExecutor() as pool:
        credential = pool.submit(fill, "keystone", seed.application_credential)
        parts = {"glance": seed.image, "neutron": seed.network, "nova": seed.flavors}
        list(pool.map(fill, parts.keys(), parts.values()))
        fill("magnum", seed.cluster_templates)
        launch.await_api(settings, started.values(), "cinder")
        if "manila" in services:
            fill("manila", seed.share_type)
        clouds_yaml.write(settings, credential.result())
    return {name: process.child.pid for name, process in started.items()}


def _stop_processes(folder: Path) -> None:
    processes.stop(folder)  # first: Magnum may be starting a control plane
    clusters = [
        one / cluster.NAME for one in (folder / "clusters").glob("*/") if (one / cluster.NAME).exists()
    ]
    with ThreadPoolExecutor() as pool:
        order = (control_plane.API_SERVER, control_plane.ETCD)
        list(pool.map(lambda one: processes.stop(one, order), clusters))
