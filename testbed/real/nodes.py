"""Real nodes of a bed: they join while it starts, and come and go afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from testbed import control_plane as plane
from testbed import executables, nodes, pki, processes, waiting
from testbed.api import Api, ApiError
from testbed.real import machines, network, objects
from testbed.real.machines import Files, Programs
from tools import REPOSITORY
from tools.images import NODE

if TYPE_CHECKING:
    from testbed.bed import Bed

_NODES = "/api/v1/nodes"
_READY_WITHIN = 90.0
_GONE_WITHIN = 20.0
_CGROUPS = Path("/sys/fs/cgroup")

Spawn = Callable[[str, Sequence[str | Path], Mapping[str, str] | None], processes.Process]


@cache
def programs() -> Programs:
    """The programs of a node; built first if they are not in the cache.

    Raises:
        BedError: a build failed.
    """
    built = executables.built("node", "coredns")
    return Programs(executables.unpacked(NODE), built["kubelet"], built["kube-proxy"], built["coredns"])


def prepare(files: plane.Files) -> list[str]:
    """Writes what the API server needs to reach real nodes, and returns its options for it."""
    real = Files(files.state)
    real.folder.mkdir()
    real.volumes.mkdir()
    real.egress.write_text(machines.egress(real))
    _allow(files, real.kubeconfig, "panda-testbed", "system:masters")
    return [
        f"--egress-selector-config-file={real.egress}",
        f"--kubelet-client-certificate={files.pki / 'kubelets.crt'}",
        f"--kubelet-client-key={files.pki / 'kubelets.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        *objects.API_SERVER_OPTIONS,
    ]


def connect(
    files: Files, spawn: Spawn, master: str, api_port: int, registry_port: int, *, outwards: bool
) -> int:
    """Starts the nodes' shared services; returns the process that keeps their network alive.

    Args:
        files: the bed's files.
        spawn: starts a part.
        master: the name of an existing node.
        api_port: the API server's port on the machine.
        registry_port: the registry's port on the machine.
        outwards: if true, images also come from other registries.
    """
    made = programs()
    holder = spawn(machines.NETWORK, machines.shared_network(files), None)

    def furnished() -> bool:
        holder.ensure_alive()
        return files.furnished.exists()

    waiting.until(furnished, "the network of the real nodes", _GONE_WITHIN)
    pid = holder.child.pid
    gateway: list[str | Path] = [sys.executable, "-m", "testbed.real.gateway", files.socket]
    gateway += [str(pid), str(api_port), str(registry_port), *(["outwards"] if outwards else [])]
    spawn(machines.GATEWAY, gateway, {"PYTHONPATH": str(REPOSITORY)})
    spawn(machines.NAMES, machines.name_server(files, made, pid), None)
    spawn(machines.SERVICES, *machines.services(files, made, pid, master))
    return pid


def names(bed: Bed) -> list[str]:
    """The real nodes in the cluster."""
    selector = f"{_NODES}?labelSelector={machines.LABEL}%3Dtrue"
    return sorted(node["metadata"]["name"] for node in Api(bed.kubeconfig).list(selector))


def start(state: Path, kubeconfig: Path, pid: int, index: int) -> str:
    """Starts a new or a former node; returns its name when it is ready.

    Args:
        state: the bed's folder.
        kubeconfig: the administrator's.
        pid: the process that keeps the network alive.
        index: the node's index, from 0.

    Raises:
        BedError: it ended or did not become ready.
    """
    files = Files(state)
    api = Api(kubeconfig)
    name = machines.node_name(nodes.stack(api), index)
    plane_files = plane.Files(state)
    etc = files.of(index) / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    _allow(plane_files, etc / "kubelet.kubeconfig", f"system:node:{name}", "system:nodes")
    _allow(plane_files, etc / "kube-proxy.kubeconfig", "system:kube-proxy")
    argv, environment = machines.node(
        files, index, name, programs=programs(), pid=pid, labels=nodes.labels_of_workers()
    )
    process = processes.spawn(state, machines.part(index), argv, environment)

    def ready() -> bool:
        process.ensure_alive()
        with suppress(ApiError):
            return nodes.is_ready(api.get(f"{_NODES}/{name}"))
        return False

    waiting.until(ready, f"the real node {name} getting ready", _READY_WITHIN)
    return name


def add(bed: Bed, index: int) -> str:
    """Makes the node ``index`` join or come back; returns its name when it is ready."""
    return start(bed.state, bed.kubeconfig, bed.pids[machines.NETWORK], index)


def remove(bed: Bed, index: int) -> None:
    """Removes the node ``index`` at once, with everything on it except its disk."""
    processes.end(bed.state, {machines.part(index)})
    clear(bed.state)
    api = Api(bed.kubeconfig)
    with suppress(ApiError):
        api.delete(f"{_NODES}/{machines.node_name(nodes.stack(api), index)}")


def clear(state: Path) -> None:
    """Removes the cgroups of nodes that have ended; those of living ones cannot be removed."""
    for group in _groups(state):
        for folder in sorted(group.glob("**/"), key=lambda path: len(path.parts), reverse=True):
            with suppress(OSError):
                folder.rmdir()


def _allow(files: plane.Files, kubeconfig: Path, user: str, group: str | None = None) -> None:
    """Writes a user's kubeconfig for programs in the nodes' network."""
    authority = pki.Authority.of(files.pki / "ca")
    url = f"https://{network.GATEWAY}:{network.API_PORT}"
    text = plane.kubeconfig(url, authority.pair.certificate, authority.client(user, group))
    pki.write_private(kubeconfig, text.encode())


def _groups(state: Path) -> Iterator[Path]:
    for index in range(network.MOST):
        name = machines.cgroup(Files(state), index)
        yield from (path for path in (_CGROUPS / name, *_CGROUPS.glob(f"*/{name}")) if path.exists())
