"""A running cloud for tests: access, requests and faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import openstack.config

from testbed import processes, waiting
from testbed.openstack_bed import clouds_yaml, request_log
from testbed.openstack_bed.faults import FaultFile, Faults
from testbed.openstack_bed.request_log import Request
from testbed.openstack_bed.settings import Settings

_RESIZE = {"OpenStack-API-Version": "container-infra 1.7"}
_SETTLES_WITHIN = 120.0


@dataclass(frozen=True, repr=False)
class OpenStackBed:
    """One cloud."""

    settings: Settings

    @property
    def clouds_file(self) -> Path:
        """The ``clouds.yaml`` with the cloud's names in ``testbed.openstack_bed.clouds_yaml``."""
        return clouds_yaml.file(self.settings)

    def environment(self, cloud: str = clouds_yaml.TENANT) -> dict[str, str]:
        """The variables with which OpenStack's clients find this cloud."""
        return {"OS_CLIENT_CONFIG_FILE": str(self.clouds_file), "OS_CLOUD": cloud}

    def connection(self, cloud: str = clouds_yaml.TENANT) -> Any:
        """An openstacksdk connection, independent of this process's environment."""
        config = openstack.config.OpenStackConfig(config_files=[str(self.clouds_file)], load_envvars=False)
        return openstack.connection.Connection(config=config.get_one(cloud))

    def requests(self, since: float = 0) -> list[Request]:
        """The requests since ``since`` (``time.time()``), including the driver's own."""
        return list(request_log.read(self.settings.log / "requests.jsonl", since))

    @contextmanager
    def faults(self, **faults: Any) -> Iterator[None]:
        """Switches faults on (see ``Faults`` for the names), and restores the former ones at the end."""
        file = FaultFile(self.settings.folder)
        before = file.read()
        file.write(Faults(**faults))
        try:
            yield
        finally:
            file.write(before)

    def fail_server(self, name: str) -> None:
        """Puts a server into ERROR, as a broken hypervisor would; ``repair_server`` undoes it."""
        self._set_state(name, "error")

    def repair_server(self, name: str) -> None:
        """Puts a server back to ACTIVE."""
        self._set_state(name, "active")

    def replace_server(self, cluster: str, name: str) -> str:
        """Makes Magnum replace a worker of the cluster (its UUID), as its auto-healing does.

        Returns the new server's name, with a higher index, when the new node has joined and the old one is gone.
        """
        tenant = self.connection()
        magnum = tenant.container_infrastructure_management
        before = {one.name for one in tenant.compute.servers()}
        count = magnum.get_cluster(cluster).node_count
        change = {"node_count": count, "nodes_to_remove": [tenant.compute.find_server(name).id]}
        answer = magnum.post(f"/clusters/{cluster}/actions/resize", json=change, headers=_RESIZE)
        openstack.exceptions.raise_from_response(answer)

        def new() -> set[str]:
            return {one.name for one in tenant.compute.servers()} - before

        waiting.until(
            lambda: bool(new()) and magnum.get_cluster(cluster).status == "UPDATE_COMPLETE",
            f"server {name} being replaced",
            _SETTLES_WITHIN,
        )
        return new().pop()

    def memory(self) -> dict[str, int]:
        """Each service's resident memory in MiB."""
        return {part: _resident(pid) for pid, part in processes.alive(self.settings.folder).items()}

    def _set_state(self, name: str, state: str) -> None:
        compute = self.connection(clouds_yaml.ADMINISTRATOR).compute
        server = compute.find_server(name, all_projects=True, ignore_missing=False)
        compute.reset_server_state(server, state)


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kibibytes = next(line for line in lines if line.startswith("VmRSS")).split()[1]
    return int(kibibytes) // 1024
