"""Starts and stops the OpenStack part of an instance of the test bed."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from testbed import control_plane, ports, processes, waiting
from testbed.openstack import clouds, cluster, config_files, seed
from testbed.openstack import settings as settings_of
from testbed.openstack.cloud import OpenStackBed
from testbed.openstack.faults import FaultFile, Faults
from testbed.openstack.settings import HOST, Settings
from tools import venv

LOCK = Path(__file__).parent.with_name("requirements-openstack.lock")

_SOURCES = Path(__file__).resolve().parents[2]
_PLUGINS = Path(__file__).with_name("plugins")
# One process each; Keystone's is Placement's too.
_SERVICES = ("keystone", "nova", "magnum", "neutron", "glance")
_LISTENS_WITHIN = 120.0


def start(
    state: Path, *, faults: Faults | None = None, report: Callable[[str], None] = print
) -> OpenStackBed:
    """Starts a cloud in ``<state>/openstack`` and returns once clusters can be created.

    What an earlier start left there is stopped and removed first.

    Args:
        state: the instance's folder, absolute; it is made where it is missing.
        faults: what goes wrong from the beginning.
        report: takes a line when the services' virtual environment must be made first.

    Raises:
        BedError: a service ended or did not answer in time; nothing is left running then, the logs stay.
        ToolsError: the services' virtual environment cannot be made.
    """
    services = venv.ensure(LOCK, "openstack", report)
    stop(state)
    settings = Settings(
        folder=_folder(state),
        services=services,
        interpreter=Path(sys.executable),
        ports=dict(zip(settings_of.APIS, ports.free(len(settings_of.APIS)), strict=True)),
        password=secrets.token_urlsafe(16),
    )
    config_files.write(settings)
    settings.save()
    FaultFile(settings.folder).write(faults or Faults())
    try:
        pids = _bring_up(settings)
    except BaseException:
        _stop_processes(settings.folder)
        raise
    # The record comes last: where there is none, a start was cut short.
    (settings.folder / "pids.json").write_text(json.dumps(pids))
    return OpenStackBed(settings)


def find(state: Path) -> OpenStackBed | None:
    """The cloud of the instance in ``state`` if it was started and any of its services lives."""
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


def _bring_up(settings: Settings) -> dict[str, int]:
    """Starts all services at once and fills each as soon as it can be; returns their process ids."""
    started = {name: _spawn(settings, name) for name in _SERVICES}
    _await_api(settings, started, "keystone")
    seed.identity(settings)
    settings.identity_ready.touch()
    credential = seed.application_credential(settings)
    for api in settings_of.APIS:
        _await_api(settings, started, api)
    seed.cloud(settings)
    clouds.write(settings, credential)
    return {name: process.child.pid for name, process in started.items()}


def _spawn(settings: Settings, service: str) -> processes.Process:
    environment = {
        "PYTHONPATH": f"{_SOURCES}:{_PLUGINS}",
        # a process that renames itself (Neutron's) would write over the mark that it is found by
        "SPT_NOENV": "1",
        **settings.environment(),
    }
    python = settings.services / "bin" / "python"
    return processes.spawn(
        settings.folder, service, [python, "-m", f"testbed.openstack.services.{service}"], environment
    )


def _await_api(settings: Settings, started: dict[str, processes.Process], api: str) -> None:
    def listens() -> bool:
        for process in started.values():
            process.ensure_alive()
        with socket.socket() as probe:
            return probe.connect_ex((HOST, settings.ports[api])) == 0

    waiting.until(listens, f"{settings.folder}: {api} answering", _LISTENS_WITHIN)


def _stop_processes(folder: Path) -> None:
    processes.stop(folder)  # first: Magnum may be starting a control plane
    clusters = [
        one / cluster.NAME for one in (folder / "clusters").glob("*/") if (one / cluster.NAME).exists()
    ]
    with ThreadPoolExecutor() as pool:
        order = (control_plane.API_SERVER, control_plane.ETCD)
        list(pool.map(lambda one: processes.stop(one, order), clusters))
