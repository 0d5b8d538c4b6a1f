"""Instances of the test bed: start, find and stop them."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from testbed import charts as chart_publishing
from testbed import control_plane as plane
from testbed import executables, magnum, ports, processes, registry, state, waiting
from testbed import nodes as machines
from testbed.api import Api
from testbed.errors import BedError
from testbed.real import nodes as real_nodes
from testbed.real import objects as real_objects
from testbed.real import obstacles, software
from testbed.real.images import Image, push
from testbed.real.machines import NETWORK, Files

REGISTRY = "registry"
PROVISIONER = "provisioner"

_READY_WITHIN = 60.0
_RECORD = "bed.json"
_SOURCES = Path(__file__).resolve().parent.parent

# An API server without its etcd takes long to end, so it goes first; all others go before both, in any order.
_STOP_ORDER = (plane.API_SERVER, plane.ETCD)


@dataclass(frozen=True)
class Bed:
    """A running instance."""

    name: str
    state: Path
    """Its folder; logs are in ``log``."""
    kubeconfig: Path
    """The administrator's kubeconfig."""
    registry: str
    """Host and port of the OCI registry."""
    pids: Mapping[str, int]
    """The process id of each part at the start."""

    @property
    def chart_repository(self) -> str:
        """The repository that contains each chart by its name, such as ``oci://127.0.0.1:5000/panda-k8s-charts``."""
        return f"oci://{self.registry}/{registry.CHARTS}"

    @property
    def has_real_nodes(self) -> bool:
        """True if the bed was started with real nodes, on which pods run."""
        return NETWORK in self.pids

    def dead(self) -> list[str]:
        """The parts that have ended since the start."""
        alive = processes.alive(self.state)
        return sorted(part for part, pid in self.pids.items() if pid not in alive)


def start(
    name: str,
    *,
    nodes: int = 4,
    charts: Sequence[Path] = (),
    cluster: str = "panda-local",
    real: int = 0,
    originals: bool = False,
) -> Bed:
    """Starts an instance and returns once pods can be scheduled and every chart is published.

    Remains of a killed start of the same name are cleared first; instances of other names are not touched.

    Args:
        name: of the instance; it also names its folder.
        nodes: number of workers beside the master; 0 makes no node at all, for a cluster with machines from
            elsewhere.
        charts: chart folders to publish.
        cluster: prefix of the nodes' names.
        real: number of real nodes, on which pods run; they need the simulated ones.
        originals: if true, real nodes fetch every pod's own image from the internet instead of images made of packages.

    Raises:
        BedError: this machine cannot have real nodes, the instance runs already, or a part ended or was not ready in
            time; then nothing is left running, and the logs stay.
    """
    folder = state.folder(name)
    if real and not nodes:
        raise BedError("real nodes join a cluster of simulated ones, of which there must be one at least")
    if real:
        obstacles.ensure_none(folder.parent)
        real_nodes.programs()
    images = software.made(() if originals else software.named(charts)) if real else {}
    beginning = _Start(name, folder, _Real(real, images, originals))
    with state.lock(name):
        _clear(folder)
        folder.mkdir(parents=True, mode=0o700)
        try:
            return beginning.run(nodes, charts, cluster)
        except BaseException:
            processes.stop(folder, _STOP_ORDER)
            raise


def find(name: str) -> Bed | None:
    """The instance ``name`` if it was started and any of its processes is alive."""
    return _load(state.folder(name))


def stop(name: str) -> None:
    """Ends every process of the instance ``name``, if any, and removes its folder."""
    folder = state.folder(name)
    with state.lock(name):
        processes.stop(folder, _STOP_ORDER)
        _remove(folder)


def _load(folder: Path) -> Bed | None:
    try:
        record: dict[str, Any] = json.loads((folder / _RECORD).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not processes.alive(folder):
        return None
    return Bed(**{**record, "state": Path(record["state"]), "kubeconfig": Path(record["kubeconfig"])})


def _clear(folder: Path) -> None:
    bed = _load(folder)
    if bed and not bed.dead():
        raise BedError(f"test bed {bed.name}: runs already in {folder}; stop it first or choose another name")
    processes.stop(folder, _STOP_ORDER)
    _remove(folder)


def _remove(folder: Path) -> None:
    real_nodes.clear(folder)
    if folder.exists():
        shutil.rmtree(folder)


@dataclass(frozen=True)
class _Real:
    """The real nodes of a start: their number, and their images in the bed's registry."""

    nodes: int
    images: Mapping[str, Image]
    originals: bool


class _Start:
    """One start: while it waits for a part, it watches that the started ones stay alive."""

    def __init__(self, name: str, folder: Path, real: _Real) -> None:
        self._name = name
        self._real = real
        self._files = plane.Files(folder)
        self._executables = executables.locate()
        self._started: list[processes.Process] = []

    def run(self, workers: int, charts: Sequence[Path], cluster: str) -> Bed:
        etcd, etcd_peers, api_port, registry_port = ports.free(4)
        address = f"{ports.HOST}:{registry_port}"
        config = registry.configure(self._files.state, registry_port)
        self._spawn(plane.ETCD, plane.etcd(self._executables, self._files, etcd, etcd_peers))
        self._spawn(
            REGISTRY, [self._executables[REGISTRY], "serve", config], {"OTEL_TRACES_EXPORTER": "none"}
        )
        plane.prepare(self._files, api_port)
        options = real_nodes.prepare(self._files) if self._real.nodes else ()
        api_server = plane.api_server(self._executables, self._files, api_port, etcd, options)
        self._spawn(plane.API_SERVER, api_server)
        with ThreadPoolExecutor(max_workers=1) as pool:
            publishing = pool.submit(self._publish, charts, address)
            self._bring_up(workers, cluster)
            publishing.result()
        if self._real.nodes:
            self._join_real_nodes(api_port, registry_port)
        return self._record(address)

    def _bring_up(self, workers: int, cluster: str) -> None:
        api = Api(self._files.kubeconfig)
        self._await(api.is_ready, "the API server getting ready")
        self._spawn(plane.CONTROLLERS, plane.controllers(self._executables, self._files))
        self._spawn(plane.SCHEDULER, plane.scheduler(self._executables, self._files))
        self._spawn(plane.KUBELETS, plane.kubelets(self._executables, self._files))
        provisioner: list[str | Path] = [sys.executable, "-m", "testbed.provisioner", self._files.kubeconfig]
        if self._real.nodes:
            provisioner.append(Files(self._files.state).volumes)
        # A killed Kubernetes client leaves its key in a temporary file, so TMPDIR is inside the instance's folder.
        own = {"PYTHONPATH": str(_SOURCES), "TMPDIR": str(self._files.state)}
        self._spawn(PROVISIONER, provisioner, own)
        magnum.install(api)
        if workers:
            machines.create(api, machines.stack_name(cluster), workers)
            self._await(lambda: machines.all_ready(api, workers + 1), "the nodes getting ready")
        self._await(
            lambda: bool(api.list("/api/v1/namespaces/default/serviceaccounts")),
            "the default service account",
        )

    def _join_real_nodes(self, api_port: int, registry_port: int) -> None:
        real = self._real
        for name, image in real.images.items():
            push(image, name, f"{ports.HOST}:{registry_port}")
        api = Api(self._files.kubeconfig)
        real_objects.install(api, None if real.originals else real.images, software.ELSEWHERE)
        files, master = Files(self._files.state), machines.master(api)
        pid = real_nodes.connect(files, self._spawn, master, api_port, registry_port, outwards=real.originals)
        for index in range(real.nodes):
            real_nodes.start(self._files.state, self._files.kubeconfig, pid, index)

    def _publish(self, charts: Sequence[Path], address: str) -> None:
        self._await(lambda: registry.answers(address), "the registry getting ready")
        chart_publishing.publish(charts, address, self._files.state)

    def _spawn(
        self, part: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None
    ) -> processes.Process:
        process = processes.spawn(self._files.state, part, argv, env)
        self._started.append(process)
        return process

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        def alive_and_met() -> bool:
            for process in self._started:
                process.ensure_alive()
            return condition()

        waiting.until(alive_and_met, f"test bed {self._name}, {what}", _READY_WITHIN)

    def _record(self, address: str) -> Bed:
        bed = Bed(
            name=self._name,
            state=self._files.state,
            kubeconfig=self._files.kubeconfig,
            registry=address,
            pids={process.name: process.child.pid for process in self._started},
        )
        # The record is written last and atomically: without it, a start was interrupted.
        draft = bed.state / f"{_RECORD}.draft"
        draft.write_text(json.dumps(asdict(bed), default=str, indent=1))
        draft.rename(bed.state / _RECORD)
        return bed
