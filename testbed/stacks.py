"""Stack files for the test bed: with its cluster and charts, and generated stand-ins for all secrets."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from panda_infra.config.load import from_file
from panda_infra.secrets.generate import revealed, stand_ins
from testbed.bed import Bed
from testbed.charts import Published
from testbed.site import stack_name
from testbed.workspace import PROJECT, Workspace, overridden
from tools import REPOSITORY

__all__ = ["local", "of_file", "on_bed", "pinned"]

LOCAL = REPOSITORY / "Pulumi.local.yaml"


def on_bed(bed: Bed) -> dict[str, Any]:
    """The sections that select a bed's cluster and charts."""
    return {
        f"{PROJECT}:cluster": {"kind": "existing", "kubeconfig": str(bed.kubeconfig)},
        f"{PROJECT}:charts": {"kind": "oci", "repository": bed.chart_repository},
    }


def pinned(published: Iterable[Published]) -> dict[str, Any]:
    """The section of the ``local`` stack that pins each component to its published chart."""
    pins = {Path(chart.reference).name: chart.pin for chart in published}
    components = overridden(LOCAL, {})[f"{PROJECT}:components"]
    return {
        f"{PROJECT}:components": {
            name: {**settings, "chart": pins[name]} for name, settings in components.items()
        }
    }


def local(bed: Bed, folder: Path, sections: Mapping[str, Any] | None = None) -> Workspace:
    """The ``local`` stack on a bed; see `of_file`."""
    return of_file(bed, LOCAL, folder, sections)


def of_file(bed: Bed, stack_file: Path, folder: Path, sections: Mapping[str, Any] | None = None) -> Workspace:
    """The stack of a file on a bed, with generated secrets.

    Args:
        bed: has the cluster and the charts.
        stack_file: ``Pulumi.<stack>.yaml``, which is not changed.
        folder: the new workspace's folder.
        sections: sections by their full keys, which replace those of the file.
    """
    stack = stack_name(stack_file)
    # Made elsewhere and then moved, so that an interrupted one is never used.
    draft = Workspace(folder.with_name(f"{folder.name}.draft"), stack)
    shutil.rmtree(draft.folder, ignore_errors=True)
    draft.create(overridden(stack_file, on_bed(bed) | dict(sections or {})))
    config = from_file(draft.stack_file).config
    draft.encrypt(f"{PROJECT}:secrets", revealed(stand_ins(config)))
    draft.folder.rename(folder)
    workspace = Workspace(folder, stack)
    workspace.encrypted |= draft.encrypted
    return workspace
