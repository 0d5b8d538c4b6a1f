"""Options of the whole test suite."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast the machine is says nothing about what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("panda-infra")
    group.addoption(
        "--upstream-charts",
        type=Path,
        metavar="PATH",
        help="checkout of PanDAWMS/panda-k8s: hold its charts to the same contract as the fixture charts",
    )
    group.addoption(
        "--write-contract",
        action="store_true",
        help="write tests/charts/contract.yaml anew, from upstream's charts if given, else from the fixtures",
    )
