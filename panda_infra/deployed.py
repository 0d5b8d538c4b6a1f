"""What the engine's state says of this stack, as the last run left it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pulumi

from panda_infra.recorded import Recorded, recorded

__all__ = ["deployed"]

_READ = "pulumi:pulumi:readStackResourceOutputs"
_WHOLE_WITHIN = 5.0


def deployed() -> Recorded:
    """What the state of the stack that the engine runs says."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    resources: Mapping[str, Mapping[str, Any]] = (_read(name) or {}).get("outputs") or {}
    return recorded((urn, found.get("outputs") or {}) for urn, found in resources.items())


def _read(name: str) -> Any:
    """Answered by the engine itself before the first resource is registered: no cluster is asked."""
    deadline = time.monotonic() + _WHOLE_WITHIN
    while True:
        try:
            return pulumi.runtime.invoke(_READ, {"stackName": name}).value
        except Exception:
            # A state that is kept in a file may be half written: the engine saves it while the program runs.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
