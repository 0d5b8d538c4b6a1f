"""Stack files run on the test bed: its cluster and charts, generated stand-ins for every secret."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from panda_infra.config.load import from_file
from panda_infra.secrets.generate import revealed, stand_ins
from testbed.bed import Bed
from testbed.charts import Published
from testbed.workspace import PROJECT, Workspace, overridden
from tools import REPOSITORY

__all__ = ["local", "on_bed", "pinned"]

LOCAL = REPOSITORY / "Pulumi.local.yaml"


def on_bed(bed: Bed) -> dict[str, Any]:
    """The sections that put a stack onto a bed."""
    return {
        f"{PROJECT}:cluster": {"kind": "existing", "kubeconfig": str(bed.kubeconfig)},
        f"{PROJECT}:charts": {"kind": "oci", "repository": bed.chart_repository},
    }


def pinned(published: Iterable[Published]) -> dict[str, Any]:
    """The section of the ``local`` stack in which each component takes exactly the chart that was published."""
    pins = {Path(chart.reference).name: chart.pin for chart in published}
    components = overridden(LOCAL, {})[f"{PROJECT}:components"]
    return {
        f"{PROJECT}:components": {
            name: {**settings, "chart": pins[name]} for name, settings in components.items()
        }
    }


def local(bed: Bed, folder: Path, sections: Mapping[str, Any] | None = None) -> Workspace:
    """The ``local`` stack on a bed, with generated secrets.

    Args:
        bed: gives the cluster and the charts.
        folder: of the workspace; made here.
        sections: of the stack file, by their full keys, that replace those of ``Pulumi.local.yaml``.
    """
    # Made elsewhere and moved in place: one that an interruption left half made is never taken for whole.
    draft = Workspace(folder.with_name(f"{folder.name}.draft"), "local")
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.create(overridden(LOCAL, on_bed(bed) | dict(sections or {})))
    config = from_file(draft.stack_file).config
    draft.encrypt(f"{PROJECT}:secrets", revealed(stand_ins(config)))
    draft.folder.rename(folder)
    workspace = Workspace(folder, "local")
    workspace.encrypted |= draft.encrypted
    return workspace
