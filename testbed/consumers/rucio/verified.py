"""What `verify` asks of Rucio, asked of its server, while the daemons run that carry files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from panda_infra.products.registry import COMPONENTS
from panda_infra.products.verification import Command
from testbed.consumers.rucio import daemons
from testbed.consumers.rucio.job import Job
from testbed.consumers.sandbox import Check, Sandbox

__all__ = ["check"]

_ASKED = ("rucio", "rucio-config", "rucio-daemons")
# The poller waits a minute for news by default.
_OPTIONS: Mapping[str, tuple[str, ...]] = {"conveyor-poller": ("--older-than", "0")}


def check(sandbox: Sandbox) -> Iterator[Check]:
    """Check each question that runs a script in the server's pod, beside the daemons behind the answer.

    Raises:
        BedError: the stack has no such daemon.
    """
    job = Job(sandbox, "rucio-config")
    files = sandbox.container("rucio-config/job").files
    login = {key: files[f"/secrets/root/{key}"].content.decode() for key in ("username", "password")}
    server = json.loads(files["/job/settings.json"].content)["server"]
    for each in (check for name in _ASKED for check in COMPONENTS[name].checks):
        if isinstance(each.ask, Command) and each.ask.script and sandbox.plan:
            for daemon in (part.partition("/")[2] for part in each.behind):
                daemons.start(sandbox, daemon, *_OPTIONS.get(daemon, ()))
            given = each.ask.given(sandbox.plan.config)
            question = {"script": each.ask.script, "address": server, **given, **login}
            done = job.root().run(*each.ask.words, stdin=json.dumps(question) + "\n", seconds=each.seconds)
            yield Check("rucio", each.name, done.returncode == 0, f"{done.stdout}{done.stderr}"[-600:])
