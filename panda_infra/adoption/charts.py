"""The charts that the stack will deploy, as folders: their output is compared with the running objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from panda_infra.adoption.installation import Tree
from panda_infra.clients.helm import Helm
from panda_infra.config.charts import ChartSource, OciCharts
from panda_infra.delivery.charts import check_charts, locate
from panda_infra.errors import StackError
from panda_infra.plan.model import Chart
from panda_infra.tree import merged

__all__ = ["chart_folders", "defaults_of", "version_of"]


def chart_folders(
    source: ChartSource, charts: Iterable[Chart], helm: Helm, scratch: Path
) -> Mapping[str, Path]:
    """The folder of each chart, by its name; those of a registry are unpacked below ``scratch``.

    Raises:
        StackError: a chart is missing.
        HelmError: Helm cannot pull it from the registry.
    """
    wanted = list(charts)
    if problems := check_charts(source, wanted):
        raise StackError("charts", problems)
    folders: dict[str, Path] = {}
    for chart in wanted:
        reference = locate(source, chart)
        if isinstance(source, OciCharts):
            helm.pull(reference.location, reference.version or chart.version, scratch)
            folders[chart.name] = scratch / chart.name
        else:
            folders[chart.name] = Path(reference.location)
    return folders


def defaults_of(chart: Path) -> Tree:
    """A chart's default values, with those of its sub-charts below their names."""
    subs = {file.parent.name: _values(file) for file in sorted(chart.glob("charts/*/values.yaml"))}
    return merged(subs, _values(chart / "values.yaml"))


def version_of(chart: Path) -> str:
    """The version in Chart.yaml."""
    return str(yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))["version"])


def _values(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}
