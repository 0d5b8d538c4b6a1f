"""Checkouts of upstream's charts reach the tests through the Makefile, which finds the tests that it names."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support.documented import documented
from tests.support.makefile import recipe
from tools import REPOSITORY


def test_a_checkout_reaches_the_long_tests() -> None:
    command = documented("make test-long DIRACX_CHARTS=../diracx-charts")
    lines = recipe(*command.words[1:], "VENV=.venv/bin").splitlines()
    calls = [line for line in lines if "pytest" in line]
    assert calls
    assert all("--diracx-charts '../diracx-charts'" in line for line in calls)


@pytest.mark.long
def test_the_consumers_are_found() -> None:
    """Nothing is started: the long tests run each of them."""
    command = documented("make test-consumers CHARTS=../panda-k8s")
    found = subprocess.run(
        command.words,
        cwd=REPOSITORY,
        env={**os.environ, "PYTEST_ADDOPTS": "--collect-only --quiet"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    files = {line.split("::")[0] for line in found.splitlines() if "::" in line}
    assert files == {word for word in recipe("test-consumers").split() if word.endswith(".py")}
