"""Checkouts of upstream's charts reach the tests through the Makefile, which finds the tests that it names."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support.documented import documented
from tools import REPOSITORY


def test_a_checkout_reaches_the_long_tests() -> None:
    command = documented("make test-long DIRACX_CHARTS=../diracx-charts")
    done = subprocess.run(
        [*command.words, "--dry-run", "VENV=.venv/bin"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    calls = [line for line in done.stdout.replace("\\\n", " ").splitlines() if "pytest" in line]
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
    assert files == {word for word in _recipe("test-consumers") if word.endswith(".py")}


def _recipe(target: str) -> list[str]:
    """The words of what a target runs."""
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return done.stdout.split()
