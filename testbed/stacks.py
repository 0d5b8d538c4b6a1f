"""Stack files run on the test bed: its cluster and charts, generated stand-ins for every secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed.bed import Bed
from testbed.workspace import Workspace

__all__ = ["local"]

LOCAL = "local"


def local(bed: Bed, folder: Path, sections: Mapping[str, Any] | None = None) -> Workspace:
    """The ``local`` stack on a bed, with its project folder at ``folder``.

    Args:
        bed: gives the cluster and the charts.
        folder: of the workspace; made here.
        sections: of the stack file, by their full keys, that replace those of ``Pulumi.local.yaml``.
    """
