"""Whole instances: Kubernetes, and OpenStack where it was started beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from testbed import bed as beds
from testbed import state
from testbed.bed import Bed
from testbed.openstack import bed as clouds

__all__ = ["start", "stop"]


def start(name: str, *, nodes: int = 4, charts: Sequence[Path] = (), cluster: str = "panda-local") -> Bed:
    """Starts Kubernetes as ``testbed.bed.start`` does; clears what a killed start left of OpenStack, too.

    Raises:
        BedError: it runs already, or did not come up.
    """
    running = beds.find(name)
    if running is None or running.dead():
        clouds.stop(state.folder(name))
    return beds.start(name, nodes=nodes, charts=charts, cluster=cluster)


def stop(name: str) -> None:
    """Ends everything of the instance ``name``, if anything runs, and removes its folder."""
    clouds.stop(state.folder(name))
    beds.stop(name)
