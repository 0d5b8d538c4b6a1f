import json
import signal
import subprocess
import sys
from pathlib import Path

from testbed import workspace
from testbed.workspace import Workspace


def test_locks_of_killed_engines_alone_are_removed(tmp_path: Path) -> None:
    locks = tmp_path / "state" / ".pulumi" / "locks" / "organization" / "panda-infra" / "local"
    locks.mkdir(parents=True)
    command = [sys.executable, "-c", "print(flush=True); input() # pulumi"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdout
        engine.stdout.readline()  # the kernel shows a command line only once it runs
        (locks / "a.json").write_text(json.dumps({"pid": engine.pid}))
        Workspace(tmp_path, "local").unlock()
        assert list(locks.iterdir())
        engine.kill()
    Workspace(tmp_path, "local").unlock()
    assert list(locks.iterdir()) == []


def test_an_interrupted_engine_ends_in_order(tmp_path: Path) -> None:
    """It is interrupted by the terminal, as is whoever waits for it."""
    script = (
        "import os, signal, time; interrupted = []\n"
        "signal.signal(signal.SIGINT, lambda *_: interrupted.append(1))\n"
        "os.kill(os.getppid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(0.5); raise SystemExit(7 + len(interrupted))"
    )
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert workspace._on_terminal([sys.executable, "-c", script], tmp_path, {}) == 8
