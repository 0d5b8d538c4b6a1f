"""Messages of any depth are read."""

from __future__ import annotations

import subprocess
import sys

_DEEP = """
from google.protobuf.struct_pb2 import Struct
from panda_infra.deep_messages import accept_deep_messages
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
