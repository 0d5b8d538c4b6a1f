"""The network of the real nodes: a namespace of its own, so that nothing of the machine's is touched.

In it is one bridge, the *gateway*, to which every node is plugged. It lives as long as its one process, and takes
everything in it along.
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
"""Where the nodes and their pods reach the API server, the registry and the name server."""
API_PORT, REGISTRY_PORT, PROXY_PORT = 6443, 5000, 3128
PODS = "10.88.0.0/16"
SERVICES = SERVICE_NETWORK
DOMAIN = "cluster.local"
MOST = 8
"""How many nodes there can be."""

_CLONE_NEWNET = 0x40000000


def address(index: int) -> str:
    """The node's own."""
    return f"10.77.0.{10 + index}"


def pods_of(index: int) -> str:
    """The addresses of the node's pods."""
    return f"10.88.{index}.0/24"


def routes(besides: int | None = None) -> list[str]:
    """The arguments of ``ip`` that lead to every node's pods, but to those of the node ``besides``."""
    others = (index for index in range(MOST) if index != besides)
    return [f"route add {pods_of(index)} via {address(index)}" for index in others]


def commands() -> list[str]:
    """The arguments of ``ip`` that furnish the namespace."""
    return [
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"address add {GATEWAY}/24 dev {BRIDGE}",
        f"link set {BRIDGE} up",
        f"route add {SERVICES} dev {BRIDGE}",  # its rules then lead elsewhere, but without any route there are none
        *routes(),
    ]


def namespace(pid: int) -> Path:
    """The network namespace that a process lives in."""
    return Path("/proc", str(pid), "ns", "net")


class Inside:
    """Makes sockets that belong to another network namespace: where a socket is made, there it stays."""

    def __init__(self, pid: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inside = os.open(namespace(pid), os.O_RDONLY)
        self._outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is in the namespace for as long as the context lasts."""
        self._enter(self._inside)
        try:
            yield
        finally:
            self._enter(self._outside)

    def _enter(self, descriptor: int) -> None:
        if self._libc.setns(descriptor, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, f"setns: {os.strerror(number)}")
