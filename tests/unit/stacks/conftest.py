"""The sample stacks as the charts render them: the fixture charts, and upstream's with the option."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from testbed.charts import FIXTURES
from tests.support.stack_files import SAMPLES
from tests.unit.stacks.rendered import Rendered, render
from tools.errors import ToolsError
from tools.toolchain import ensure

_render = cache(render)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that wants ``rendered`` every stack with every folder of charts."""
    checkout: Path | None = metafunc.config.getoption("--upstream-charts")
    folders = {"fixture": FIXTURES} | ({"upstream": checkout / "helm"} if checkout else {})
    if "charts" in metafunc.fixturenames:
        metafunc.parametrize("charts", folders.values(), ids=folders.keys())
    if "rendered" in metafunc.fixturenames:
        cases = {
            f"{stack}-{charts}": (stack, folder)
            for charts, folder in folders.items()
            for stack in SAMPLES.stacks
        }
        metafunc.parametrize("rendered", cases.values(), ids=cases.keys(), indirect=True)


@pytest.fixture(scope="session")
def helm() -> Path:
    """The helm that renders."""
    try:
        return ensure(["helm"]).path("helm")
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")


@pytest.fixture
def rendered(request: pytest.FixtureRequest, helm: Path) -> Rendered:
    """One stack, rendered once for all tests."""
    stack, charts = request.param
    return _render(helm, charts, stack)
