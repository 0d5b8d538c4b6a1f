"""What the program leaves out because it ends within seconds: together a third of its time."""

from __future__ import annotations

import atexit
import gc
import os

import pulumi

__all__ = ["live_shortly"]


def live_shortly() -> None:
    """Collect no garbage, and keep the SDK's debug messages to itself unless ``$PANDA_INFRA_DEBUG`` is set.

    Almost all that the program allocates is needed until its end; without ``freeze`` the interpreter would then
    look through it once more. The SDK sends several messages for each resource, each with a call that blocks,
    whether or not the engine shows them, and it is not told whether the engine does. Pydantic would look through
    every installed package for plug-ins of its own.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    atexit.register(gc.freeze)
    if not os.environ.get("PANDA_INFRA_DEBUG"):
        pulumi.log.debug = _silent


def _silent(msg: str, *_: object, **__: object) -> None:
    pass
