"""Every test ends by itself, however the suite was started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tools import REPOSITORY

_INTERRUPTED = "tests/unit/testbed/test_workspace.py::test_an_interrupted_engine_ends_in_order"


def test_every_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    assert 0 < float(request.config.getini("timeout")) <= 600


def test_signals_work_where_the_suite_runs_in_the_background(tmp_path: os.PathLike[str]) -> None:
    """A shell without job control starts what is in the background with SIGINT ignored."""
    words = (sys.executable, "-m", "pytest", _INTERRUPTED, "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    ran = subprocess.run(
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *words, f"--basetemp={tmp_path}/inner"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout
