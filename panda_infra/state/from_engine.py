"""Read the running stack's state after the last run from the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import grpc
import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from panda_infra.errors import PandaInfraError
from panda_infra.state.recorded import Recorded, recorded

__all__ = ["deployed", "full_name"]

_READ = "pulumi:pulumi:readStackResourceOutputs"
_WHOLE_WITHIN = 5.0
_UNKNOWN = "unknown stack"


def deployed(stack: str | None = None) -> Recorded:
    """The recorded state of the running stack, or of another one of the project; empty if the backend has none."""
    name = full_name(stack or pulumi.get_stack())
    resources: Mapping[str, Mapping[str, Any]] = (_read(name) or {}).get("outputs") or {}
    return recorded((urn, found.get("outputs") or {}) for urn, found in resources.items())


def full_name(stack: str) -> str:
    """A stack of the running one's project, as the engine names it."""
    return f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"


def _read(name: str) -> Any:
    """Read the outputs of all resources before the first one is registered; the engine needs no cluster for it.

    The SDK's own call would also register the stack. A refused run would then count it as made, and show the stack's
    outputs as removed.
    """
    args = Struct()
    args.update({"stackName": name})
    request = resource_pb2.ResourceInvokeRequest(tok=_READ, args=args)
    monitor = get_monitor()
    assert monitor  # noqa: S101 - the engine runs this program
    deadline = time.monotonic() + _WHOLE_WITHIN
    while True:
        try:
            return _answer(monitor.Invoke(request))
        except (grpc.RpcError, _UnreadableError) as error:
            if _UNKNOWN in str(error):
                return {}
            # A state in a file may be half written: the engine saves it while the program runs.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class _UnreadableError(PandaInfraError):
    """The engine cannot read the state."""


def _answer(response: Any) -> Any:
    if response.failures:
        raise _UnreadableError(f"the engine cannot read its own state: {response.failures[0].reason}")
    values, _ = rpc.deserialize_properties_unwrap_secrets(getattr(response, "return"))
    return values
