"""The control plane of one Magnum cluster: ``python -m testbed.openstack.cluster start|trust|join|stop FOLDER``.

Magnum's driver runs these commands and reads their outcome from FOLDER (see ``driver.cluster_files``).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from testbed import bed, control_plane, state
from testbed.api import Api
from testbed.openstack import machines, trust
from testbed.openstack.driver.cluster_files import ClusterFiles, Endpoint

NAME = "kubernetes"  # of the instance in the cluster's folder


def start(files: ClusterFiles) -> None:
    """Starts a whole control plane without nodes, and has it trust and show the cluster's own authority."""
    bed.start(NAME, nodes=0)
    trust_authority(files)


def trust_authority(files: ClusterFiles) -> None:
    """Has the control plane trust and show the cluster's own authority as it is now."""
    plane = control_plane.Files(state.folder(NAME))
    url = trust.establish(plane, files)
    version = str(Api(plane.kubeconfig).get("/version")["gitVersion"])
    files.write_endpoint(Endpoint(url, version))


def join(files: ClusterFiles) -> None:
    """Makes the cluster's nodes those that its machines are to be."""
    wanted = files.machines()
    machines.bring_to(Api(control_plane.Files(state.folder(NAME)).kubeconfig), wanted)
    files.write_nodes([machine.name for machine in wanted])


def stop(files: ClusterFiles) -> None:
    """Ends the control plane and removes the cluster's folder."""
    bed.stop(NAME)
    shutil.rmtree(files.folder)


def main() -> None:
    """Runs one command; what goes wrong is left for Magnum to tell."""
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
