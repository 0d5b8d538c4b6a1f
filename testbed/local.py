"""The ``local`` stack with every component on the test bed, kept until it is taken down."""

from __future__ import annotations

from pathlib import Path

from testbed import bed as beds
from testbed import charts, instances, stacks
from testbed.bed import Bed
from testbed.errors import BedError
from testbed.workspace import Workspace

__all__ = ["NAME", "down", "up"]

NAME = "local"


def up(checkout: Path | None = None, real: int = 0, *, originals: bool = False) -> Workspace:
    """Start the bed if it is not running, and deploy the local stack with its progress on the terminal.

    Args:
        checkout: of the real charts, whose ``helm`` folder is published instead of the fixture charts. Charts that have
            changed since the last time are deployed again, even under the same version.
        real: number of real nodes, on which pods run, if the bed is not running yet.
        originals: if true, these fetch every pod's own image from the internet.

    Raises:
        BedError: the bed runs without the wanted real nodes, or the deployment failed; the bed keeps running for
            inspection.
    """
    folders = charts.chosen(checkout)
    bed = _bed(folders, real, originals=originals)
    pinned = stacks.pinned(charts.push(bed, folders))
    workspace = workspace_of(bed)
    if workspace.exists:
        workspace.configure(pinned)
    else:
        workspace = stacks.local(bed, workspace.folder, pinned)
    workspace.unlock()
    if workspace.up(show=True).code:
        raise BedError(
            f"the local stack is not up; logs are in {bed.state / 'log'}; "
            "`python -m testbed down` removes all of it for a new beginning"
        )
    return workspace


def down() -> None:
    """Destroy the local stack and remove the bed with all its files."""
    bed = beds.find(NAME)
    if bed is not None and not bed.dead():
        workspace = workspace_of(bed)
        workspace.unlock()
        if workspace.exists and workspace.destroy(show=True).code:
            raise BedError(
                "the local stack was not destroyed; `python -m testbed stop` removes the bed all the same"
            )
    instances.stop(NAME)


def workspace_of(bed: Bed) -> Workspace:
    """The local stack's project folder, which need not exist."""
    return Workspace(bed.state / "stacks" / NAME, NAME)


def _bed(folders: list[Path], real: int, *, originals: bool) -> Bed:
    running = beds.find(NAME)
    if running is None or running.dead():
        return instances.start(NAME, charts=folders, real=real, originals=originals)
    if real and not running.has_real_nodes:
        raise BedError(
            f"test bed {NAME}: runs without real nodes, and none can join; `make down` removes it for a new beginning"
        )
    return running
