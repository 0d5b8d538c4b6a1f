"""Which charts are tested, and the helm that renders them."""

from pathlib import Path

import pytest

from testbed.charts import FIXTURES
from tests.unit.charts.rendering import Renderer
from tools.errors import ToolsError
from tools.toolchain import ensure


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that wants ``charts`` the fixtures' folder and, with the option, also upstream's."""
    if "charts" in metafunc.fixturenames:
        upstream = _upstream(metafunc.config)
        folders = {"fixture": FIXTURES} | ({"upstream": upstream} if upstream else {})
        metafunc.parametrize("charts", folders.values(), ids=folders.keys())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the comparisons with upstream if there is no checkout of it."""
    if _upstream(config) is None:
        left_out = [item for item in items if "upstream" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _upstream(config: pytest.Config) -> Path | None:
    checkout: Path | None = config.getoption("--upstream-charts")
    return checkout / "helm" if checkout else None


@pytest.fixture(scope="session")
def upstream(pytestconfig: pytest.Config) -> Path:
    """The folder with upstream's charts."""
    folder = _upstream(pytestconfig)
    assert folder, "left out without the option"
    return folder


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """Helm, which keeps what it rendered."""
    try:
        return Renderer(ensure(["helm"]).path("helm"))
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")
