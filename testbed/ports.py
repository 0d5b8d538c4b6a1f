"""Free TCP ports on the loopback address."""

from __future__ import annotations

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_SPAN = 12000


def free(count: int) -> list[int]:
    """``count`` different free ports.

    They are below the kernel's range for outgoing connections, so that none of those can take one before its server is
    up. They are random, so that instances that start at the same time do not collide.
    """
    top = int(_EPHEMERAL.read_text().split()[0])
    candidates = random.sample(range(max(1024, top - _SPAN), top), _SPAN // 2)
    found = []
    for port in candidates:
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no {count} free ports below {top} on {HOST}")


def is_free(port: int) -> bool:
    """True if a server could listen there."""
    with socket.socket() as probe:
        # Servers do the same: a port whose last connections are in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
