"""The control plane of one Magnum cluster: ``python -m testbed.openstack_bed.cluster start|trust|join|stop FOLDER``.

Magnum's driver runs these commands and reads their results from FOLDER (see ``driver.cluster_files``).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed import bed, control_plane, state
from testbed.api import Api
from testbed.openstack_bed import machines, trust
from testbed.openstack_bed.driver.cluster_files import ClusterFiles, Endpoint
from testbed.openstack_bed.faults import FaultFile
from testbed.openstack_bed.settings import current

NAME = "kubernetes"  # of the instance in the cluster's folder

_CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
_INGRESS = "cern-magnum-ingress-nginx-controller"


def start(files: ClusterFiles) -> None:
    """Starts a whole control plane without nodes, with the cluster's own authority."""
    bed.start(NAME, nodes=0)
    with _late_settings(FaultFile(current().folder).read().addon_seconds):
        trust_authority(files)


@contextmanager
def _late_settings(seconds: float) -> Iterator[None]:
    """Creates the ingress controller's settings so many seconds after the end of the block."""
    if not seconds:
        yield
        return
    api = Api(control_plane.Files(state.folder(NAME)).kubeconfig)
    settings = api.get(f"{_CONFIG_MAPS}/{_INGRESS}")
    api.delete(f"{_CONFIG_MAPS}/{_INGRESS}")
    yield
    time.sleep(seconds)
    api.create(_CONFIG_MAPS, {"metadata": {"name": _INGRESS}, "data": settings["data"]})


def trust_authority(files: ClusterFiles) -> None:
    """Makes the control plane trust and use the cluster's present authority."""
    plane = control_plane.Files(state.folder(NAME))
    url = trust.establish(plane, files)
    version = str(Api(plane.kubeconfig).get("/version")["gitVersion"])
    files.write_endpoint(Endpoint(url, version))


def join(files: ClusterFiles) -> None:
    """Makes the cluster's nodes match its machines."""
    wanted = files.machines()
    machines.bring_to(Api(control_plane.Files(state.folder(NAME)).kubeconfig), wanted)
    files.write_nodes([machine.name for machine in wanted])


def stop(files: ClusterFiles) -> None:
    """Ends the control plane and removes the cluster's folder."""
    bed.stop(NAME)
    shutil.rmtree(files.folder)


def main() -> None:
    """Runs one command; an error is written to a file, so that Magnum reports it."""
    command, folder = sys.argv[1:]
    files = ClusterFiles(Path(folder))
    os.environ["PANDA_INFRA_STATE"] = folder
    try:
        {"start": start, "trust": trust_authority, "join": join, "stop": stop}[command](files)
    except Exception as error:
        if files.folder.exists():
            files.write_failure(f"{command}: {error}")
        raise


if __name__ == "__main__":
    main()
