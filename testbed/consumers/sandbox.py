"""Runs programs in their own namespaces, where Services have their names and ports.

The inside runs as the first process of a network, mount and process namespace, so that all programs end with it. Each
program sees the root file system of its image with the pod's files on top, and only the pod's environment.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panda_infra.plan.model import Plan
from testbed.consumers.pods import Container, Service
from testbed.errors import BedError
from testbed.real.software import Software
from tools import roots

__all__ = ["Check", "Program", "Root", "Sandbox", "compared", "output"]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHARED = ("/dev", "/proc", "/sys")
# On a busy machine iDDS takes minutes to make its tables; a program that ends is noticed at once.
_SECONDS_TO_START = 300
# The last lines of a program's output, which usually contain the reason of a failed start.
_LINES = 40


@dataclass(frozen=True)
class Check:
    """One check of a consumer, and whether it passed; ``detail`` describes a failure.

    A ``skipped`` check was not tried; ``detail`` is the reason.
    """

    consumer: str
    what: str
    passed: bool
    detail: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class Root:
    """A writable root file system with the environment of its pod; ``enter`` is a command in front of its programs."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    enter: Sequence[str] = ()

    def path(self, inside: str) -> Path:
        """The file at an absolute path inside the root."""
        return self.folder / inside.lstrip("/")

    def write(self, inside: str, text: str | bytes, mode: int = 0o644) -> None:
        """Write a file inside the root, and make its folders."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)

    def run(
        self,
        *command: str,
        user: str = "root",
        stdin: str = "",
        environment: Mapping[str, str] = {},
        seconds: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the root and return its result, whatever its exit code."""
        return subprocess.run(
            self._chrooted(command, user),
            env=self._environment(environment),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )

    def must(
        self, *command: str, user: str = "root", stdin: str = "", environment: Mapping[str, str] = {}
    ) -> str:
        """Run a command that must succeed, and return its standard output.

        Raises:
            BedError: it failed; the message contains its last lines.
        """
        done = self.run(*command, user=user, stdin=stdin, environment=environment)
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines()[-_LINES:]
            raise BedError("\n".join([f"{self.name}: {command[0]} failed:", *lines]))
        return done.stdout

    def start(self, *command: str, user: str = "root", environment: Mapping[str, str] = {}) -> Program:
        """Start a program that runs until the sandbox ends."""
        log = self.folder.with_name(f"{Path(command[0]).name}.log")
        with log.open("w") as output:
            process = subprocess.Popen(
                self._chrooted(command, user),
                env=self._environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return Program(self.name, process, log)

    def _chrooted(self, command: Sequence[str], user: str) -> list[str]:
        as_user = [] if user == "root" else [f"--userspec={user}"]
        return [*self.enter, "chroot", *as_user, str(self.folder), *command]

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", **self.environment, **more}


@dataclass(frozen=True)
class Program:
    """A started program, with the file of its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, host: str, port: int) -> None:
        """Wait until a program listens at the port.

        Raises:
            BedError: the program ended or took too long; the message contains its last lines.
        """
        self.wait(lambda: _listens(host, port), f"port {port}")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, as `wait_for` does."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                lines = self.log.read_text(errors="replace").strip().splitlines()[-_LINES:]
                raise BedError("\n".join([f"{self.name}: no {what}; its last lines:", *lines]))
            time.sleep(0.1)


@dataclass
class Sandbox:
    """The inside; ``folder`` is for the roots. Images must exist before, because the inside downloads nothing.

    ``containers`` and ``services`` are those of the stack's ``objects``.
    """

    folder: Path
    containers: Sequence[Container]
    services: Sequence[Service]
    releases: Mapping[str, str]
    """Helm's release of each component."""
    variants: Mapping[str, Sequence[Container]] = field(default_factory=dict)
    """The containers that other stack files would make, by names of the consumer's own."""
    objects: Sequence[Mapping[str, Any]] = ()
    plan: Plan | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    roots: dict[str, Root] = field(default_factory=dict)

    def enter(self) -> None:
        """Set up the network of the namespaces."""
        _up("lo")
        for number, service in enumerate(self.services, start=1):
            self.addresses[service.name] = f"127.77.0.{number}"
            for port, target in service.ports.items():
                if port != target:
                    _forward(self.addresses[service.name], port, target)
        _mount("-t", "tmpfs", "tmpfs", str(self.folder))

    def container(self, component: str, variant: str = "") -> Container:
        """A container by component and sub-chart, such as ``panda/server``, of the stack or of a variant.

        Raises:
            BedError: the stack has no such container.
        """
        found = self._find(component, self.variants[variant] if variant else self.containers)
        if found is None:
            raise BedError(f"the stack has no container {component}")
        return found

    def has(self, component: str) -> bool:
        """Return whether the stack has such a container."""
        return self._find(component, self.containers) is not None

    def address(self, container: Container) -> str:
        """The address of the container's Service."""
        return self.addresses[container.workload]

    def name(self, host: str, address: str) -> None:
        """Map an exposed host to an address of the sandbox, for roots that are made later."""
        self.addresses[host] = address

    def root(self, software: Software, container: Container | None = None, *, name: str = "") -> Root:
        """The root of an image with a container's files on top."""
        name = name or (container.workload if container else software.packages.name)
        parts = {part: self.folder / name / part for part in ("upper", "work", "root")}
        for part in parts.values():
            part.mkdir(parents=True)
        lower = ":".join(map(str, [*reversed(software.originals), roots.folder_of(software.packages)]))
        options = f"lowerdir={lower},upperdir={parts['upper']},workdir={parts['work']}"
        _mount("-t", "overlay", "overlay", "-o", options, str(parts["root"]))
        environment = {**software.environment, **(container.environment if container else {})}
        root = self.roots[name] = Root(name, parts["root"], environment)
        for path in software.folders:
            root.path(path).mkdir(parents=True, exist_ok=True)
            root.path(path).chmod(0o777)
        for path in _SHARED:
            root.path(path).mkdir(exist_ok=True)
            _mount("--rbind", path, str(root.path(path)))
        root.write("/etc/hosts", self.hosts())
        root.path("/etc/resolv.conf").unlink(missing_ok=True)
        for path, file in (container.files if container else {}).items():
            root.write(path, file.content, file.mode)
        return root

    def mounted(self, root: Root, folders: Mapping[str, Path]) -> None:
        """Mount folders of the sandbox into a root by their paths there; everything else becomes read-only."""
        for path, folder in folders.items():
            root.path(path).mkdir(parents=True, exist_ok=True)
            _mount("--bind", str(folder), str(root.path(path)))
        _mount("-o", "remount,ro", str(root.folder))

    def running(self, component: str) -> Root:
        """The root of a started container."""
        return self.roots[self.container(component).workload]

    def _find(self, component: str, containers: Sequence[Container]) -> Container | None:
        name, sub = component.split("/")
        wanted = (self.releases.get(name), sub)
        return next((each for each in containers if (each.release, each.name) == wanted), None)

    def hosts(self) -> str:
        """The hosts file: every Service by the names that the cluster's resolver has."""
        lines = ["127.0.0.1 localhost"]
        for name, address in self.addresses.items():
            lines.append(f"{address} {name} {name}.panda.svc {name}.panda.svc.cluster.local")
        return "\n".join(lines) + "\n"


def output(
    root: Root, script: Path, *command: str, stdin: str = "", environment: Mapping[str, str] = {}
) -> str:
    """Run a Python script of this project with an image's Python, and return its output."""
    inside = f"/srv/{script.name}"
    root.path(inside).parent.mkdir(exist_ok=True)
    shutil.copyfile(script, root.path(inside))
    return root.must(*command, inside, stdin=stdin, environment=environment)


def compared(consumer: str, printed: str) -> Iterator[Check]:
    """The checks that a script prints: lines ``[what, wanted, got]`` among other output."""
    for line in printed.splitlines():
        if line.startswith("["):
            what, wanted, got = json.loads(line)
            yield Check(consumer, what, wanted == got, f"{got} instead of {wanted}")


def _listens(host: str, port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((host, port)) == 0


def _mount(*arguments: str) -> None:
    done = subprocess.run(("mount", *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BedError(f"mount failed: {done.stderr.strip()}")


def _up(interface: str) -> None:
    """Set an interface up: in a new network namespace all are down, even the loopback."""
    set_flags, up_and_running = 0x8914, 0x41
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, set_flags, struct.pack("16sh14x", interface.encode(), up_and_running))


def _forward(address: str, port: int, target: int) -> None:
    """Forward connections from a Service's port to the container's, as kube-proxy does."""
    listener = socket.create_server((address, port), backlog=64)

    def serve() -> None:
        while True:
            client, _ = listener.accept()
            try:
                server = socket.create_connection((address, target), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for pair in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for side, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
            try:
                side.shutdown(how)
            except OSError:
                continue
