"""What the program leaves out because it ends at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tools import REPOSITORY

PROGRAM = """
import atexit, gc
import pulumi
from panda_infra.short_lived import live_shortly

sent = []

class Engine:
    def Log(self, request):
        sent.append(request.message)

pulumi.log.get_engine = Engine
atexit.register(lambda: print(gc.get_freeze_count() > 10000))
live_shortly()
atexit.unregister(print)
pulumi.log.debug("registering resource", stream_id=1)
pulumi.log.warn("told")
print(gc.isenabled(), sent)
"""


@pytest.mark.parametrize(
    ("debug", "sent"), [({}, ["told"]), ({"PANDA_INFRA_DEBUG": "1"}, ["registering resource", "told"])]
)
def test_no_garbage_is_collected_and_no_debug_message_sent(debug: dict[str, str], sent: list[str]) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PANDA_INFRA_DEBUG"} | debug
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"False {sent}", "True"]
