"""The charts whose containers are read: the fixtures and, with the option, upstream's."""

from pathlib import Path

import pytest

from testbed.charts import FIXTURES
from tools.errors import ToolsError
from tools.toolchain import ensure


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that wants ``charts`` their folders."""
    if "charts" in metafunc.fixturenames:
        checkout: Path | None = metafunc.config.getoption("--upstream-charts")
        folders = {"fixture": FIXTURES} | ({"upstream": checkout / "helm"} if checkout else {})
        metafunc.parametrize("charts", folders.values(), ids=folders.keys(), scope="session")


@pytest.fixture(autouse=True, scope="session")
def helm() -> None:
    """What renders them."""
    try:
        ensure(["helm"])
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")
