"""The network of the real nodes: its own namespace, so that the machine's network does not change.

It has one bridge, the *gateway*, to which every node is connected. It and everything in it disappear with its only
process.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.control_plane import SERVICE_NETWORK

BRIDGE = "nodes"
GATEWAY = "10.77.0.1"
"""The address at which nodes and pods reach the API server, the registry and the name server."""
API_PORT, REGISTRY_PORT, PROXY_PORT = 6443, 5000, 3128
PODS = "10.88.0.0/16"
SERVICES = SERVICE_NETWORK
DOMAIN = "cluster.local"
MOST = 8
"""The maximum number of nodes."""

_CLONE_NEWNET = 0x40000000


def address(index: int) -> str:
    """The node's own address."""
    return f"10.77.0.{10 + index}"


def pods_of(index: int) -> str:
    """The addresses of the node's pods."""
    return f"10.88.{index}.0/24"


def routes(besides: int | None = None) -> list[str]:
    """The arguments of ``ip`` for routes to every node's pods except those of the node ``besides``."""
    others = (index for index in range(MOST) if index != besides)
    return [f"route add {pods_of(index)} via {address(index)}" for index in others]


def commands() -> list[str]:
    """The arguments of ``ip`` that set up the namespace."""
    return [
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"address add {GATEWAY}/24 dev {BRIDGE}",
        f"link set {BRIDGE} up",
        f"route add {SERVICES} dev {BRIDGE}",  # kube-proxy's rules redirect, but they are not reached without any route
        *routes(),
    ]


def namespace(pid: int) -> Path:
    """The network namespace of a process."""
    return Path("/proc", str(pid), "ns", "net")


class Inside:
    """Makes sockets in another network namespace: a socket stays in the namespace where it was made."""

    def __init__(self, pid: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inside = os.open(namespace(pid), os.O_RDONLY)
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Moves the calling thread into the namespace during the context."""
        self._enter(self._inside)
        try:
            yield
        finally:
            self._enter(self._outside)

    def _enter(self, descriptor: int) -> None:
        if self._libc.setns(descriptor, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, f"setns: {os.strerror(number)}")
