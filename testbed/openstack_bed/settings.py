"""The settings of one OpenStack bed that both interpreters need: its folder, ports and password."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
REGION = "testbed"
VOLUME_BACKEND = "nowhere"  # the name of Cinder's only store
SHARE_BACKEND = "nowhere"  # the name of Manila's only store, and of its only type of shares
# Each has a port; Keystone and Placement share a process.
APIS = ("keystone", "placement", "glance", "neutron", "nova", "magnum", "cinder", "manila")
# Services that a cloud may be without; tests request those that they need.
OPTIONAL = ("manila",)

_VARIABLE = "PANDA_INFRA_OPENSTACK"
_PATHS = {
    "keystone": "/v3",
    "nova": "/v2.1",
    "magnum": "/v1",
    "cinder": "/v3/%(project_id)s",
    "manila": "/v2",
}


@dataclass(frozen=True, repr=False)
class Settings:
    """One bed.

    ``folder`` contains all files of the bed; ``services`` is the virtual environment of the services and
    ``interpreter`` the project's Python, with which Magnum's driver starts control planes. All users have the same
    ``password``, because the bed listens on the loopback address only.
    """

    folder: Path
    services: Path
    interpreter: Path
    ports: Mapping[str, int]
    password: str

    @property
    def etc(self) -> Path:
        """The services' configuration files."""
        return self.folder / "etc"

    @property
    def log(self) -> Path:
        """The services' logs and the request log."""
        return self.folder / "log"

    @property
    def clusters(self) -> Path:
        """One folder per Magnum cluster, named by its UUID."""
        return self.folder / "clusters"

    def url(self, api: str) -> str:
        """The address of an API as in the catalog."""
        return f"http://{HOST}:{self.ports[api]}{_PATHS.get(api, '')}"

    def listens(self, api: str) -> bool:
        """Return whether an API accepts connections."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.ports[api])) == 0

    def database(self, name: str) -> Path:
        """The SQLite file of a service."""
        return self.folder / "databases" / f"{name}.db"

    def environment(self) -> dict[str, str]:
        """The variable with which ``current`` finds these settings in a service."""
        return {_VARIABLE: str(self.folder)}

    def save(self) -> None:
        """Writes ``<folder>/settings.json``, readable by its owner only."""
        path = self.folder / "settings.json"
        path.touch(mode=0o600)
        content = {
            "services": str(self.services),
            "interpreter": str(self.interpreter),
            "ports": dict(self.ports),
            "password": self.password,
        }
        path.write_text(json.dumps(content, indent=1))


def load(folder: Path) -> Settings:
    """The settings of the bed in ``folder``; OSError if there is none."""
    content = json.loads((folder / "settings.json").read_text())
    return Settings(
        folder=folder,
        services=Path(content["services"]),
        interpreter=Path(content["interpreter"]),
        ports=content["ports"],
        password=content["password"],
    )


def current() -> Settings:
    """The settings of the bed to which this process belongs."""
    return load(Path(os.environ[_VARIABLE]))
