"""Messages of any depth are read, and the plugin has the version that the SDK itself would send."""

from __future__ import annotations

import subprocess
import sys

from pulumi_kubernetes import _utilities

from panda_infra.pulumi_sdk import plugin_version

_DEEP = """
from google.protobuf.struct_pb2 import Struct
from panda_infra.pulumi_sdk import accept_deep_messages
inside = {}
for _ in range(200):
    inside = {"inside": inside}
deep = Struct()
deep.update(inside)
sent = deep.SerializeToString()
accept_deep_messages()
assert Struct.FromString(sent) == deep
"""


def test_a_deep_message_is_read() -> None:
    # In a process of its own, which keeps the limit of all others.
    subprocess.run([sys.executable, "-c", _DEEP], check=True, timeout=60)


def test_the_plugin_has_the_version_that_the_sdk_sends() -> None:
    assert plugin_version() == _utilities.get_version()
