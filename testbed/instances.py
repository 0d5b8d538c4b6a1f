"""Whole instances: Kubernetes, and OpenStack if it was started too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed import bed as beds
from testbed import state
from testbed.bed import Bed
from testbed.openstack_bed import bed as clouds

__all__ = ["running", "start", "stop"]


def start(
    name: str,
    *,
    nodes: int = 4,
    charts: Sequence[Path] = (),
    cluster: str = "panda-local",
    real: int = 0,
    originals: bool = False,
) -> Bed:
    """Starts Kubernetes as ``testbed.bed.start`` does; also clears OpenStack's remains of a killed start.

    Instances that ``running`` left when its process was killed are cleared as well.

    Raises:
        BedError: it runs already, or did not come up.
    """
    for left in state.abandoned():
        stop(left)
    found = beds.find(name)
    if found is None or found.dead():
        clouds.stop(state.folder(name))
    return beds.start(name, nodes=nodes, charts=charts, cluster=cluster, real=real, originals=originals)


def stop(name: str) -> None:
    """Ends all processes of the instance ``name``, if any, and removes its folder."""
    clouds.stop(state.folder(name))
    beds.stop(name)


@contextmanager
def running(name: str, *, nodes: int = 4, charts: Sequence[Path] = (), real: int = 0) -> Iterator[Bed]:
    """An instance that stops at the end of the context, or at the next start if this process is killed."""
    with state.owned(name):
        bed = start(name, nodes=nodes, charts=charts, real=real)
        try:
            yield bed
        finally:
            stop(name)
