"""The fixture charts keep the contract of upstream's charts, which are held to it as well if given."""

from pathlib import Path
from typing import Any

import pytest

from testbed.charts import FIXTURES
from tests.support import fast_yaml
from tests.unit.charts.contract import CONTRACT, chart_facts, facts, references
from tests.unit.charts.rendering import RELEASES, Objects, Renderer
from tests.unit.charts.value_sets import VALUE_SETS

CONTRACT_SETS = ("defaults", "production")
# Release names that contain a sub-chart's name, which the objects' names then do not repeat (T31).
COLLAPSING_RELEASES = {"panda": "panda-server", "harvester": "harvester", "idds": "my-rest", "ui": "panda"}
# Made by whoever deploys the charts, as some of the value sets ask for.
PROVIDED_CLAIMS = {"shared", "work"}


def render(renderer: Renderer, charts: Path, chart: str, values: str) -> Objects:
    return renderer.render(folder_of(charts, chart), RELEASES[chart], VALUE_SETS[values].get(chart, {}))


def folder_of(charts: Path, chart: str) -> Path:
    """A chart's folder; upstream does not have all of them."""
    return charts / chart if (charts / chart).is_dir() else FIXTURES / chart


@pytest.fixture(scope="session")
def contract(renderer: Renderer, pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Any:
    """The committed contract, written anew before if wanted."""
    if pytestconfig.getoption("--write-contract"):
        given = pytestconfig.getoption("--upstream-charts")
        write_contract(renderer, request.getfixturevalue("upstream") if given else FIXTURES)
    return fast_yaml.load(CONTRACT.read_text())


def write_contract(renderer: Renderer, charts: Path) -> None:
    """Write down what the charts in a folder do."""
    written: dict[str, Any] = {"charts": {chart: chart_facts(folder_of(charts, chart)) for chart in RELEASES}}
    for values in CONTRACT_SETS:
        written[values] = {chart: facts(render(renderer, charts, chart, values)) for chart in RELEASES}
    head = "# What the project relies on in PanDA's charts (pytest tests/unit/charts --write-contract).\n"
    CONTRACT.write_text(head + fast_yaml.dump(written, sort_keys=False, width=110))


@pytest.mark.parametrize("chart", RELEASES)
def test_versions_and_conditions(contract: Any, charts: Path, chart: str) -> None:
    assert chart_facts(folder_of(charts, chart)) == contract["charts"][chart]


@pytest.mark.parametrize("values", CONTRACT_SETS)
@pytest.mark.parametrize("chart", RELEASES)
def test_contract(renderer: Renderer, contract: Any, charts: Path, chart: str, values: str) -> None:
    assert facts(render(renderer, charts, chart, values)) == contract[values][chart]


@pytest.mark.parametrize("values", VALUE_SETS)
def test_references_within_a_release_exist(renderer: Renderer, charts: Path, values: str) -> None:
    for chart in RELEASES:
        objects = render(renderer, charts, chart, values)
        for key, workload in objects.items():
            if not key.startswith(("Deployment/", "StatefulSet/")):
                continue
            for kind in ("ConfigMap", "PersistentVolumeClaim"):
                missing = {name for name in references(workload, kind) if f"{kind}/{name}" not in objects}
                assert missing <= PROVIDED_CLAIMS, f"{chart}: {key} refers to {kind}s that are not there"


def test_jedi_depends_on_the_release_name(renderer: Renderer, charts: Path) -> None:
    objects = renderer.render(charts / "panda", "panda-server", {})
    wanted = references(objects["StatefulSet/panda-server-jedi"], "ConfigMap")
    assert {name for name in wanted if f"ConfigMap/{name}" not in objects} == {
        "panda-server-server-configjson",
        "panda-server-server-env",
        "panda-server-server-sandbox",
    }


@pytest.mark.parametrize("values", VALUE_SETS)
@pytest.mark.parametrize("chart", RELEASES)
def test_fixture_equals_upstream(renderer: Renderer, upstream: Path, chart: str, values: str) -> None:
    assert render(renderer, FIXTURES, chart, values) == render(renderer, upstream, chart, values)


@pytest.mark.parametrize("chart", COLLAPSING_RELEASES)
def test_names_collapse_as_upstream(renderer: Renderer, upstream: Path, chart: str) -> None:
    release = COLLAPSING_RELEASES[chart]
    assert renderer.render(FIXTURES / chart, release, {}) == renderer.render(upstream / chart, release, {})


@pytest.mark.parametrize("chart", RELEASES)
def test_a_package_renders_like_its_folder(renderer: Renderer, tmp_path: Path, chart: str) -> None:
    package = renderer.package(FIXTURES / chart, tmp_path)
    assert renderer.render(package, RELEASES[chart], {}) == render(renderer, FIXTURES, chart, "defaults")
