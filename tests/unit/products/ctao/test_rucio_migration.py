"""A job that is stopped while it migrates tables: nobody comes after it who would start the daemons."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools import REPOSITORY

_FILES = REPOSITORY / "panda_infra/products/ctao/charts/job/files"
_SECONDS = 60
_GATE = """\
import time

class CallError(Exception):
    pass

class GateError(Exception):
    pass

class Gate:
    def __init__(self, **settings):
        self.slow = settings["slow"]

    def stop(self):
        print("daemons: 0 pods", flush=True)

    def backup(self):
        if self.slow == "backup":
            print("waiting", flush=True)
            time.sleep(60)
        return "rucio-db/20261130T021700Z"

    def start(self):
        print("daemons: 1 pods", flush=True)
"""
_RUN = """\
import sys, time
import bootstrap

def upgrade():
    print("waiting", flush=True)
    time.sleep(60)

try:
    bootstrap._migrate({"slow": sys.argv[1]}, upgrade, "from version a to b")
except bootstrap.RefusedError as error:
    sys.exit(f"refused: {error}")
"""


@pytest.mark.parametrize(
    ("slow", "words"),
    [
        ("backup", "refused: nothing was migrated: the job was stopped."),
        ("migration", "refused: the migration from version a to b failed: the job was stopped."),
    ],
)
def test_a_job_that_is_stopped_gives_the_daemons_their_pods_back(
    tmp_path: Path, slow: str, words: str
) -> None:
    (tmp_path / "gate.py").write_text(_GATE)
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, slow],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{_FILES}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    lines = []
    while "waiting" not in lines:
        lines.append(process.stdout.readline().strip())
        assert lines[-1], lines
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=_SECONDS)
    assert process.returncode == 1
    assert "daemons: 1 pods" in rest
    assert words in rest
    assert "Traceback" not in rest
    assert ("rucio-db/20261130T021700Z" in rest) == (slow == "migration")
