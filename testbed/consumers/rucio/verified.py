"""What `verify` asks of Rucio, asked of its server, while the daemons run that carry files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from panda_infra.products.registry import COMPONENTS
from panda_infra.products.verification import Command
from testbed.consumers.pods import Container
from testbed.consumers.rucio.job import Job
from testbed.consumers.rucio.server import configured
from testbed.consumers.sandbox import Check, Sandbox
from testbed.errors import BedError
from testbed.real.software import RUCIO

__all__ = ["check"]

_ASKED = ("rucio", "rucio-config", "rucio-daemons")
# Those without which no rule with the tool `mock` ends; the poller waits a minute for news by default.
_CARRIERS: Mapping[str, tuple[str, ...]] = {
    "judge-evaluator": (),
    "conveyor-submitter": (),
    "conveyor-poller": ("--older-than", "0"),
    "conveyor-finisher": (),
}


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check each question that runs a script in the server's pod.

    Raises:
        BedError: the stack has no such daemon.
    """
    for daemon, options in _CARRIERS.items():
        _start(sandbox, daemon, options)
    job = Job(sandbox, "rucio-config")
    files = sandbox.container("rucio-config/job").files
    login = {key: files[f"/secrets/root/{key}"].content.decode() for key in ("username", "password")}
    server = json.loads(files["/job/settings.json"].content)["server"]
    for each in (check for name in _ASKED for check in COMPONENTS[name].checks):
        if isinstance(each.ask, Command) and each.ask.script and sandbox.plan:
            given = each.ask.given(sandbox.plan.config)
            question = {"script": each.ask.script, "address": server, **given, **login}
            done = job.root().run(*each.ask.words, stdin=json.dumps(question) + "\n", seconds=each.seconds)
            yield Check("rucio", each.name, done.returncode == 0, f"{done.stdout}{done.stderr}"[-600:])


def _start(sandbox: Sandbox, daemon: str, options: tuple[str, ...]) -> None:
    root = sandbox.root(RUCIO, _container(sandbox, daemon))
    root.write("/opt/rucio/etc/rucio.cfg", configured(_container(sandbox, daemon)))
    root.start(f"/opt/rucio/bin/rucio-{daemon}", "--sleep-time", "1", *options)


def _container(sandbox: Sandbox, daemon: str) -> Container:
    for each in sandbox.containers:
        if each.name == "rucio-daemons" and each.workload.endswith(daemon):
            return each
    raise BedError(f"the stack has no container of {daemon}")
