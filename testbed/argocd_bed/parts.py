"""The commands of Argo CD's parts and of the servers beside them, all on the loopback address.

A chart in the bed's registry has the source ``127.0.0.1:PORT/panda-k8s-charts``. Argo CD 2.13 has no option for a
registry without TLS, but Helm, which it runs, needs none on the loopback address, as long as the revision is a whole
version: only for a range of versions does Argo CD itself list the tags, and that by TLS alone. It reads an address with
a port as a git repository, so the bed declares the registry by a repository Secret with ``enableOCI``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from testbed import executables
from testbed.ports import HOST

REDIS, GIT = "argocd-redis", "argocd-git"
REPO_SERVER, CONTROLLER, SERVER = "argocd-repo-server", "argocd-application-controller", "argocd-server"
PARTS = (REDIS, GIT, REPO_SERVER, CONTROLLER, SERVER)

DEFINITIONS = ("application-crd.yaml", "appproject-crd.yaml", "applicationset-crd.yaml")


@dataclass(frozen=True)
class Ports:
    """The ports of the parts; those with metrics also show whether their part is healthy."""

    redis: int
    git: int
    repo_server: int
    repo_server_metrics: int
    controller_metrics: int
    server: int
    server_metrics: int


@cache
def locate() -> Mapping[str, Path]:
    """The executables of Argo CD, built first if neither PATH nor the cache has them.

    Raises:
        BedError: the build failed.
    """
    return executables.built("argocd")


def definitions() -> list[Path]:
    """The files of Argo CD's custom resource definitions."""
    return [locate()[REDIS].parent / name for name in DEFINITIONS]


def redis(ports: Ports) -> list[str | Path]:
    """The command of the cache."""
    return [locate()[REDIS], f"-address={HOST}:{ports.redis}"]


def git(ports: Ports, root: Path) -> list[str | Path]:
    """The command of the server of the git repositories below ``root``."""
    programs = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout
    backend = Path(programs.strip()) / "git-http-backend"
    return [locate()[GIT], f"-address={HOST}:{ports.git}", f"-backend={backend}", f"-root={root}"]


def repo_server(ports: Ports) -> list[str | Path]:
    """The command of the part that renders charts."""
    return [
        locate()[REPO_SERVER],
        f"--redis={HOST}:{ports.redis}",
        f"--address={HOST}",
        f"--port={ports.repo_server}",
        f"--metrics-address={HOST}",
        f"--metrics-port={ports.repo_server_metrics}",
        "--disable-tls",
    ]


def controller(ports: Ports, namespace: str) -> list[str | Path]:
    """The command of the part that compares and syncs the Applications of a namespace."""
    return [
        locate()[CONTROLLER],
        f"--namespace={namespace}",
        f"--redis={HOST}:{ports.redis}",
        f"--repo-server={HOST}:{ports.repo_server}",
        "--repo-server-plaintext",
        f"--metrics-port={ports.controller_metrics}",
    ]


def server(ports: Ports, namespace: str) -> list[str | Path]:
    """The command of the API server, which takes webhooks."""
    return [
        locate()[SERVER],
        f"--namespace={namespace}",
        f"--redis={HOST}:{ports.redis}",
        f"--repo-server={HOST}:{ports.repo_server}",
        "--repo-server-plaintext",
        f"--address={HOST}",
        f"--port={ports.server}",
        f"--metrics-port={ports.server_metrics}",
    ]


def environment(folder: Path) -> dict[str, str]:
    """The environment that every part needs: its files below ``folder``, and Helm and git on PATH."""
    programs = [locate()[SERVER].parent, executables.locate()["helm"].parent]
    return {
        "PATH": os.pathsep.join([*map(str, programs), os.environ.get("PATH", os.defpath)]),
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(folder / "ssh"),
        "ARGOCD_PLUGINSOCKFILEPATH": str(folder / "plugins"),
        "ARGOCD_GPG_ENABLED": "false",
        # The destination "in-cluster" is the cluster of KUBECONFIG.
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "REDIS_PASSWORD": "",
    }
