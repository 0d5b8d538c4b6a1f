"""Argo CD beside a bed: started, restarted in part, stopped with nothing left."""

from __future__ import annotations

import shutil
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from kubernetes.config import ConfigException

from testbed import ports as free_ports
from testbed import processes, waiting
from testbed.api import Api
from testbed.argocd_bed import objects, parts
from testbed.argocd_bed.git import GitServer
from testbed.bed import Bed
from testbed.errors import BedError
from testbed.ports import HOST

__all__ = ["ArgoCd", "beside_installation", "running"]

NAMESPACE = "argocd"
_READY_WITHIN = 60.0
_POLL = 0.2


@dataclass(frozen=True)
class ArgoCd:
    """A running Argo CD: the namespace of its Applications, the URL of its API server, and its git server."""

    namespace: str
    server: str
    git: GitServer
    _parts: _Parts

    @property
    def log(self) -> Path:
        """The controller's log."""
        return self._parts.bed.state / "log" / f"{parts.CONTROLLER}.log"

    def restart_server(self) -> None:
        """Replace the API server of an installation, as a kubelet does when its Deployment changes."""
        self._parts.restart_server()

    def kill_controller(self) -> None:
        """End the application controller, whatever it is doing."""
        self._parts.end(parts.CONTROLLER)

    def start_controller(self) -> None:
        """Start the application controller again; returns when it is ready."""
        self._parts.start_controller()
        self._parts.await_ready()


@contextmanager
def running(bed: Bed, namespace: str = NAMESPACE, *, polling: int = 180) -> Iterator[ArgoCd]:
    """An Argo CD of the bed's own, with the rights of an administrator; all of it is gone at the end.

    Args:
        bed: has the cluster.
        namespace: of Argo CD and its Applications; it is made.
        polling: seconds between two looks at each source.

    Raises:
        BedError: a part ended or was not ready in time.
    """
    api = Api(bed.kubeconfig)
    settings = {
        "ARGOCD_SERVER_INSECURE": "true",
        "ARGOCD_RECONCILIATION_TIMEOUT": f"{polling}s",
        # For so long Argo CD does not report that a chart cannot be rendered; its default is three minutes.
        "ARGOCD_REPO_ERROR_GRACE_PERIOD_SECONDS": f"{polling}s",
    }
    own = _Parts(bed, namespace, settings)
    try:
        own.start_servers()
        objects.install(api, namespace)
        objects.declare_registry(api, bed, namespace)
        own.start()
        own.await_ready()
        yield own.handle()
    finally:
        own.stop()
        objects.remove(api, namespace)


@contextmanager
def beside_installation(
    bed: Bed, namespace: str = NAMESPACE, *, cluster: Callable[[], Bed | None] | None = None
) -> Iterator[ArgoCd]:
    """The processes of an Argo CD whose objects somebody installs, now or later: its pods are only simulated.

    The git server runs at once. The other parts start when the installation's workloads are there, with the options,
    the environment and the rights (of the service accounts) that these give them.

    Args:
        bed: has the files and the registry.
        namespace: of the installation.
        cluster: the bed with access to the cluster of the installation, None until it exists; by default the bed
            itself.

    Raises:
        BedError: a part of the installation did not start.
    """
    own = _Parts(bed, namespace, {})
    own.start_servers()
    attendant = _Attendant(own, cluster or (lambda: bed))
    attendant.start()
    try:
        yield own.handle()
    finally:
        attendant.finish()
        own.stop()
        if made := attendant.attended:
            # The stack may be gone, and with it its cluster and the kubeconfig.
            with suppress(ConfigException):
                objects.forget_registry(Api(made.kubeconfig), namespace)
    if attendant.error:
        raise attendant.error


class _Attendant(threading.Thread):
    """Waits for an installation and starts its processes, as a kubelet would."""

    def __init__(self, own: _Parts, cluster: Callable[[], Bed | None]) -> None:
        super().__init__(daemon=True)
        self.error: BedError | None = None
        self.attended: Bed | None = None
        """The bed with access to the cluster in which Argo CD was installed."""
        self._own, self._cluster = own, cluster
        self._ended = threading.Event()

    def run(self) -> None:
        while (found := self._installed()) is None:
            if self._ended.wait(_POLL):
                return
        self.attended = found
        self._begin(found)

    def finish(self) -> None:
        """End the wait, and wait for a start that has begun."""
        self._ended.set()
        self.join(_READY_WITHIN)

    def _installed(self) -> Bed | None:
        found = self._cluster()
        # Its kubeconfig may be in the middle of being written.
        with suppress(ConfigException):
            if found and objects.installed(Api(found.kubeconfig), self._own.namespace):
                return found
        return None

    def _begin(self, bed: Bed) -> None:
        try:
            objects.declare_registry(Api(bed.kubeconfig), bed, self._own.namespace)
            self._own.start_as_installed(bed)
        except BedError as error:
            self.error = error


class _Parts:
    """The processes, with their files in a folder of the bed's."""

    def __init__(self, bed: Bed, namespace: str, settings: Mapping[str, str]) -> None:
        self.bed, self.namespace = bed, namespace
        self._folder = bed.state / "argocd"
        self._settings = settings
        self._ports = parts.Ports(*free_ports.free(7))
        self._started: dict[str, processes.Process] = {}
        if self._folder.exists():
            raise BedError(f"test bed {bed.name}: has an Argo CD already, in {self._folder}")
        for folder in ("tmp", "repositories", "clones"):
            (self._folder / folder).mkdir(parents=True)

    def handle(self) -> ArgoCd:
        """Its parts, for tests."""
        git = GitServer(
            f"http://{HOST}:{self._ports.git}", self._folder / "repositories", self._folder / "clones"
        )
        return ArgoCd(self.namespace, f"http://{HOST}:{self._ports.server}", git, self)

    def start_servers(self) -> None:
        """Start what needs no cluster."""
        self._spawn(parts.REDIS, parts.redis(self._ports))
        self._spawn(parts.GIT, parts.git(self._ports, self._folder / "repositories"))

    def start(self) -> None:
        """Start the parts of Argo CD with the rights of the bed's administrator."""
        self._spawn(parts.REPO_SERVER, parts.repo_server(self._ports), self._settings)
        self._spawn(parts.SERVER, parts.server(self._ports, self.namespace), self._settings)
        self.start_controller()

    def start_controller(self) -> None:
        """Start the application controller."""
        self._spawn(parts.CONTROLLER, parts.controller(self._ports, self.namespace), self._settings)

    def start_as_installed(self, bed: Bed) -> None:
        """Start the parts with the options of their workloads in the cluster of ``bed``."""
        self.bed = bed
        self._start_as_installed(parts.REPO_SERVER, parts.repo_server(self._ports))
        self._start_as_installed(parts.SERVER, parts.server(self._ports, self.namespace))
        self._start_as_installed(parts.CONTROLLER, parts.controller(self._ports, self.namespace))
        self.await_ready()

    def restart_server(self) -> None:
        """End the API server and start it with the present options of its workload."""
        self.end(parts.SERVER)
        server = parts.server(self._ports, self.namespace)
        self._start_as_installed(parts.SERVER, server)
        self.await_ready()

    def _start_as_installed(self, part: str, command: Sequence[str | Path]) -> None:
        api = Api(self.bed.kubeconfig)
        program, *ours = command
        kubeconfig = self._folder / f"{part}.kubeconfig"
        objects.write_kubeconfig(self.bed, self.namespace, part, kubeconfig)
        # The last option of a name counts, and options count more than the environment.
        words = [program, *objects.arguments(api, self.namespace, part), *ours]
        given = objects.environment(api, self.namespace, part)
        self._spawn(part, words, {**given, "KUBECONFIG": str(kubeconfig)})

    def await_ready(self) -> None:
        """Return when every part reports that it is healthy.

        Raises:
            BedError: one ended, or was not in time.
        """
        ports = (self._ports.repo_server_metrics, self._ports.controller_metrics, self._ports.server)

        def healthy() -> bool:
            for process in self._started.values():
                process.ensure_alive()
            return all(map(_is_healthy, ports))

        waiting.until(healthy, f"test bed {self.bed.name}, Argo CD getting ready", _READY_WITHIN)

    def end(self, *names: str) -> None:
        """End these parts."""
        processes.end(self.bed.state, set(names))
        for name in names:
            self._started.pop(name, None)

    def stop(self) -> None:
        """End all parts and remove their files."""
        self.end(*parts.PARTS)
        shutil.rmtree(self._folder)

    def _spawn(self, part: str, command: Sequence[str | Path], given: Mapping[str, str] = {}) -> None:
        own = {"KUBECONFIG": str(self.bed.kubeconfig), **given, **parts.environment(self._folder)}
        self._started[part] = processes.spawn(self.bed.state, part, command, own)


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=2) as response:
            return bool(response.status == HTTPStatus.OK)
    except OSError:
        return False
