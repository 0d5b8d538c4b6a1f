"""Networks of pods' own, for programs that listen at every address: two of them on one port need two networks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from testbed.consumers.pods import Container
from testbed.consumers.sandbox import Root, Sandbox
from testbed.errors import BedError

__all__ = ["connect", "entered"]

_BRIDGE, _OWN, _NET = "pods", "10.77.0.254/24", "10.77.0.{}"
_NAMES = Path("/run/netns")
# The name of a pod is that of its machine.
_ENTER = ("unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"')


def connect(sandbox: Sandbox, containers: Mapping[str, Container]) -> None:
    """Make a network for each container, by names of at most ten letters, and map the container's Service to it.

    Raises:
        BedError: this machine has no `ip`, or its kernel no such networks.
    """
    if not shutil.which("ip"):
        raise BedError("ip (iproute2) is not on PATH: it makes networks of pods")
    _NAMES.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "tmpfs", str(_NAMES))
    _run("ip", "link", "add", _BRIDGE, "type", "bridge")
    _run("ip", "addr", "add", _OWN, "dev", _BRIDGE)
    _run("ip", "link", "set", _BRIDGE, "up")
    for number, (name, container) in enumerate(containers.items(), start=1):
        address = _NET.format(number)
        _run("ip", "netns", "add", name)
        _run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "link", "set", f"to-{name}", "master", _BRIDGE, "up")
        _run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            _run("ip", "-n", name, "link", "set", interface, "up")
        sandbox.name(container.workload, address)


def entered(root: Root, name: str) -> Root:
    """The same root, whose programs run in the network of this name, on a machine with the root's name."""
    return replace(root, enter=("ip", "netns", "exec", name, *_ENTER, root.name))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BedError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
