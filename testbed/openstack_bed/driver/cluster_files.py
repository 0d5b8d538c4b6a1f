"""Files in a cluster's folder, through which Magnum's driver and the cluster's control plane communicate.

The driver runs with the OpenStack services, the control plane with the project; neither imports the other.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Machine:
    """A server that will be a node. ``memory`` is in MiB, ``disk`` in GiB; ``role`` is master or worker."""

    name: str
    server: str
    role: str
    nodegroup: str
    flavor: str
    cpus: int
    memory: int
    disk: int
    address: str


@dataclass(frozen=True)
class Endpoint:
    """The address of a control plane, and its version (``v1.34.4``)."""

    url: str
    version: str


@dataclass(frozen=True)
class ClusterFiles:
    """The folder of one cluster; it exists from its creation until the control plane is gone."""

    folder: Path

    @property
    def authority(self) -> Path:
        """Magnum's authority of this cluster; add ``.crt`` or ``.key``."""
        return self.folder / "ca"

    @property
    def administrator(self) -> Path:
        """A client certificate of group system:masters, signed by that authority; add ``.crt`` or ``.key``."""
        return self.folder / "admin"

    @property
    def log(self) -> Path:
        """The output of the commands on the control plane."""
        return self.folder / "control-plane.log"

    def write_machines(self, machines: list[Machine]) -> None:
        """Writes the nodes that the cluster should have."""
        self._write("machines.json", [asdict(machine) for machine in machines])

    def machines(self) -> list[Machine]:
        """The nodes that the cluster should have."""
        return [Machine(**machine) for machine in self._read("machines.json") or ()]

    def write_nodes(self, names: Collection[str]) -> None:
        """Writes the names of the nodes that the cluster has."""
        self._write("nodes.json", sorted(names))

    def nodes(self) -> set[str]:
        """The names of the nodes that the cluster has."""
        return set(self._read("nodes.json") or ())

    def write_endpoint(self, endpoint: Endpoint) -> None:
        """Records that the control plane answers."""
        self._write("endpoint.json", asdict(endpoint))

    def forget_endpoint(self) -> None:
        """Records that the control plane is not ready, until ``write_endpoint`` is called again."""
        (self.folder / "endpoint.json").unlink(missing_ok=True)

    def endpoint(self) -> Endpoint | None:
        """The address of the control plane; None while it does not answer."""
        content = self._read("endpoint.json")
        return Endpoint(**content) if content else None

    def write_failure(self, reason: str) -> None:
        """Records why the last command failed."""
        self._write("failure.json", reason)

    def failure(self) -> str | None:
        """The reason why the last command failed; None if it did not."""
        reason: str | None = self._read("failure.json")
        return reason

    def _write(self, name: str, content: object) -> None:
        fresh = self.folder / f"{name}.new"
        fresh.write_text(json.dumps(content))
        fresh.replace(self.folder / name)

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError:
            return None
