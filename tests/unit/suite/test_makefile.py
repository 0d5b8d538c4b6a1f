"""Checkouts of upstream's charts reach the tests through the Makefile."""

from __future__ import annotations

import subprocess

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
