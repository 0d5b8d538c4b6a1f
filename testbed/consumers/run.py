"""Starts the consumers of a stack in a sandbox and returns their checks."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from panda_infra.config.stack import StackConfig
from testbed.consumers.deployed import Object
from testbed.consumers.pods import Container, File, Service, containers, services
from testbed.consumers.registry import CONSUMERS
from testbed.consumers.sandbox import Check
from testbed.errors import BedError
from tools import REPOSITORY, roots

__all__ = ["MODULE", "loaded", "obstacle", "run", "table"]

MODULE = "testbed.consumers.inside"
# The sandbox is the first process of its namespaces, so that all its programs end with it.
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_SECONDS = 1500


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
    names: Sequence[str] = tuple(CONSUMERS),
    report: Callable[[str], None] = lambda _line: None,
) -> list[Check]:
    """Start consumers and check them.

    Args:
        objects: the namespace's Secrets, ConfigMaps, Services and workloads.
        config: the stack's configuration, from which they were made.
        names: names in `CONSUMERS`.
        report: takes a line of progress.

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
        document = _document(containers(objects), services(objects))
        releases = {name: config.names.release(name) for name in config.components.deployed()}
        question.write_text(json.dumps(document | {"releases": releases, "names": list(names)}))
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


def loaded(document: Mapping[str, Any]) -> tuple[list[Container], list[Service]]:
    """The containers and Services in the document for the inside of the sandbox."""
    found = [
        Container(
            **{
                **each,
                "files": {
                    path: File(base64.b64decode(content), mode)
                    for path, (content, mode) in each["files"].items()
                },
            }
        )
        for each in document["containers"]
    ]
    offered = [
        Service(each["name"], {int(port): target for port, target in each["ports"].items()})
        for each in document["services"]
    ]
    return found, offered


def _document(found: Iterable[Container], offered: Iterable[Service]) -> dict[str, object]:
    return {
        "containers": [
            {
                **{
                    name: getattr(each, name)
                    for name in ("release", "workload", "name", "image", "command", "environment")
                },
                "files": {
                    path: (base64.b64encode(file.content).decode(), file.mode)
                    for path, file in each.files.items()
                },
            }
            for each in found
        ],
        "services": [asdict(each) for each in offered],
    }
