"""Starts the consumers of a stack in a sandbox and returns their checks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from panda_infra.config.stack import StackConfig
from testbed.consumers.deployed import Object
from testbed.consumers.registry import CONSUMERS
from testbed.consumers.sandbox import Check
from testbed.errors import BedError
from tools import REPOSITORY, roots

__all__ = ["MODULE", "obstacle", "run", "table"]

MODULE = "testbed.consumers.inside"
# The sandbox is the first process of its namespaces, so that all its programs end with it.
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# Rucio's jobs alone are started forty times.
_SECONDS = 3600


def obstacle() -> str | None:
    """The reason why this machine cannot make a sandbox; None if it can."""
    if not shutil.which("unshare"):
        return "unshare (util-linux) is not on PATH"
    done = subprocess.run((*_UNSHARE, "true"), capture_output=True, text=True, check=False)
    if done.returncode:
        return f"this machine lets us make no namespaces ({done.stderr.strip()}): root is needed"
    return None


def run(
    objects: Iterable[Object],
    config: StackConfig,
    names: Sequence[str],
    report: Callable[[str], None] = lambda _line: None,
    variants: Mapping[str, Iterable[Object]] = MappingProxyType({}),
) -> list[Check]:
    """Start consumers and check them.

    Args:
        objects: the namespace's Secrets, ConfigMaps, Services and workloads.
        config: the stack's configuration, from which they were made.
        names: names in `CONSUMERS`; not all of them can start side by side.
        report: takes a line of progress.
        variants: the same objects as other stack files make them, by names that consumers know.

    Raises:
        BedError: no sandbox can be made, or a consumer did not start.
        ToolsError: a package is not available.
    """
    if reason := obstacle():
        raise BedError(reason)
    for software in {each.packages.name: each for name in names for each in CONSUMERS[name].images}.values():
        roots.ensure(software.packages, report)
    objects = list(objects)
    with tempfile.TemporaryDirectory(prefix="consumers-") as folder:
        question = Path(folder, "question.json")
        question.touch(mode=0o600)
        settings = config.settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
        more = {"names": list(names), "variants": {name: list(made) for name, made in variants.items()}}
        question.write_text(json.dumps({"objects": objects, "settings": settings, **more}))
        mounted = Path(folder, "roots")
        mounted.mkdir()
        command = (*_UNSHARE, sys.executable, "-m", MODULE, str(question), str(mounted))
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    if done.returncode:
        raise BedError(done.stderr.strip() or f"the consumers ended with code {done.returncode}")
    return [Check(**json.loads(line)) for line in done.stdout.splitlines()]


def table(checks: Iterable[Check]) -> str:
    """A line for each consumer, and one for each failed check."""
    by_consumer: dict[str, list[Check]] = {}
    for each in checks:
        by_consumer.setdefault(each.consumer, []).append(each)
    lines = []
    for consumer, own in by_consumer.items():
        failed = [each for each in own if not each.passed]
        tried = [each for each in own if not each.skipped]
        lines.append(f"{consumer:<14} {len(tried) - len(failed)} of {len(tried)} checks passed")
        lines += [f"  not tried: {each.what}: {each.detail}" for each in own if each.skipped]
        lines += [f"  {each.what}: {each.detail}" for each in failed]
    return "\n".join(lines)
