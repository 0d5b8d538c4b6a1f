"""What the program leaves out because it ends within seconds: together a third of its time."""

from __future__ import annotations

import atexit
import gc
import os

import pulumi
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

__all__ = ["live_shortly"]


def live_shortly() -> None:
    """Collect no garbage, trace no resource, and send debug messages only if ``$PANDA_INFRA_DEBUG`` is set.

    Almost all that the program allocates is needed until its end; without ``freeze`` the interpreter would then
    look through it once more. The SDK sends several messages for each resource, each with a call that blocks,
    whether or not the engine shows them, and it is not told whether the engine does. It also reads the source of
    every module on the stack, so that the state gets a position for each resource: that of this machine's language
    host. Pydantic would look through every installed package for plug-ins of its own.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    atexit.register(gc.freeze)
    resource._get_stack_trace = source_pb2.StackTrace
    if not os.environ.get("PANDA_INFRA_DEBUG"):
        pulumi.log.debug = _silent


def _silent(msg: str, *_: object, **__: object) -> None:
    pass
