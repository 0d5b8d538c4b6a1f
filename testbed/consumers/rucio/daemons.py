"""A daemon of Rucio with the files and variables of its pod."""

from __future__ import annotations

from testbed.consumers.pods import Container
from testbed.consumers.rucio.server import configured
from testbed.consumers.sandbox import Program, Sandbox
from testbed.errors import BedError
from testbed.real.software import RUCIO

__all__ = ["container_of", "start"]


def start(sandbox: Sandbox, daemon: str, *options: str) -> Program:
    """Start a daemon, which looks for work every second, in its pod's root: a new one if it has not run yet.

    Raises:
        BedError: the stack has no such daemon.
    """
    container = container_of(sandbox, daemon)
    root = sandbox.roots.get(container.workload) or sandbox.root(RUCIO, container)
    root.write("/opt/rucio/etc/rucio.cfg", configured(container))
    return root.start(f"/opt/rucio/bin/rucio-{daemon}", "--sleep-time", "1", *options)


def container_of(sandbox: Sandbox, daemon: str) -> Container:
    """The container of a daemon.

    Raises:
        BedError: the stack has none.
    """
    for each in sandbox.containers:
        if each.name == "rucio-daemons" and each.workload.endswith(daemon):
            return each
    raise BedError(f"the stack has no container of {daemon}")
