"""Options of the whole test suite."""

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The speed of the machine is no property of the tested code. The same code is tested by the same inputs each time, so
# that a change is judged by what it changes; the long tests search further, at random.
settings.register_profile(
    "same each time", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("search", settings.get_profile("same each time"), derandomize=False)
settings.load_profile("same each time")

# `nohup make test &` and some runners of CI ignore it, and every process of a test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST = 3600  # seconds of a test that is marked as long


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("panda-infra")
    group.addoption(
        "--upstream-charts",
        type=Path,
        metavar="PATH",
        help="checkout of PanDAWMS/panda-k8s: hold its charts to the same contract as the fixture charts",
    )
    group.addoption(
        "--rucio-charts",
        type=Path,
        metavar="PATH",
        help="checkout of rucio/helm-charts: hold the fixtures of its charts to it, and deploy it",
    )
    group.addoption(
        "--diracx-charts",
        type=Path,
        metavar="PATH",
        help="checkout of DIRACGrid/diracx-charts: hold DIRAC and DiracX of DPPS to it and to CTAO's chart, deploy it",
    )
    group.addoption(
        "--write-contract",
        action="store_true",
        help="write tests/charts/contract.yaml anew, from upstream's charts if given, else from the fixtures",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long tests a limit of their own."""
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_LONGEST))
