"""JEDI: its own modules read their configuration and connect to the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from testbed.consumers.panda import PYTHON
from testbed.consumers.sandbox import Check, Sandbox, compared, output
from testbed.consumers.upstream import NO_TABLES, SOURCES
from testbed.real.software import PANDA, Software

__all__ = ["AS_JEDI", "IMAGES", "JEDI", "check", "start"]

IMAGES: tuple[Software, ...] = (PANDA,)
JEDI = "panda/jedi"
# Scripts run like JEDI: the package's own variables contain the path of its configuration.
AS_JEDI = ("bash", "-c", f'. /etc/sysconfig/panda_server; . /etc/sysconfig/panda_jedi; exec {PYTHON} "$0"')
_SCRIPT = Path(__file__).parent / "scripts" / "jedi.py"
_CHECKER = "/opt/panda/lib/python3.11/site-packages/pandajedi/jeditest/SchemaChecker.py"


def start(sandbox: Sandbox) -> None:
    """Put its files where the chart's command puts them, without starting JEDI's dozens of processes."""
    root = sandbox.root(PANDA, sandbox.container(JEDI))
    root.must("sh", "-c", "cp /opt/panda/sandbox/* /data/panda/")


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check the modules with the variables that the package sets for JEDI."""
    root = sandbox.running(JEDI)
    yield from compared("jedi", output(root, _SCRIPT, *AS_JEDI))
    if not SOURCES:
        yield Check("jedi", "the tables are new enough", passed=True, detail=NO_TABLES, skipped=True)
        return
    reported = root.run(*AS_JEDI, _CHECKER)
    passed = "DB schema check: OK" in reported.stdout
    yield Check("jedi", "the tables are new enough", passed, (reported.stdout + reported.stderr).strip())
