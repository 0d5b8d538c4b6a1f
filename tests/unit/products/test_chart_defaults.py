"""The defaults of charts that components describe, and that a stack's page shows, are those of the charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panda_infra.products.model import ComponentSpec
from panda_infra.tree import merged
from testbed.charts import FIXTURES
from tests.support import fast_yaml
from tests.support.panda import COMPONENTS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every component with the fixture charts and, with the option, also with upstream's."""
    if "charts" in metafunc.fixturenames:
        checkout: Path | None = metafunc.config.getoption("--upstream-charts")
        folders = {"fixture": FIXTURES}
        if checkout:
            folders["upstream"] = checkout / "helm"
        metafunc.parametrize("charts", folders.values(), ids=folders.keys())


def content(file: Path) -> dict[str, Any]:
    return fast_yaml.load(file.read_text(encoding="utf-8")) or {}


def defaults(chart: Path, sub_chart: str) -> dict[str, Any]:
    """A sub-chart's values with its chart's own on top, as Helm merges them."""
    own = content(chart / "charts" / sub_chart / "values.yaml")
    return merged(own, content(chart / "values.yaml").get(sub_chart) or {})


@pytest.mark.parametrize("spec", COMPONENTS.values(), ids=COMPONENTS)
def test_images_and_sizes_are_those_of_the_charts(spec: ComponentSpec, charts: Path) -> None:
    chart = charts / spec.name
    if (version := content(chart / "Chart.yaml")["version"]) != spec.version:
        pytest.skip(f"the program describes {spec.version}, this is {version}")
    for sub in spec.sub_components:
        values = defaults(chart, sub.name)
        image = values["image"]
        assert sub.chart_image == (image["repository"], image["tag"]), sub.name
        assert {claim.key: claim.size for claim in sub.claims} == {
            claim.key: values[claim.key]["size"] for claim in sub.claims
        }, sub.name
