"""Slow or missing parts of Pulumi's packages: the version of the Kubernetes plugin, and deep messages."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from google.protobuf.internal import api_implementation

__all__ = ["accept_deep_messages", "plugin_version"]


def plugin_version() -> str:
    """The version of the Kubernetes plugin that fits the installed SDK, such as ``4.25.0``.

    The SDK's package states it for the engine. Importing the SDK takes longer than anything else in a preview.
    """
    sdk = Path(str(getattr(find_spec("pulumi_kubernetes"), "origin", "")))
    return str(json.loads(sdk.with_name("pulumi-plugin.json").read_text(encoding="utf-8"))["version"])


def accept_deep_messages() -> None:
    """Let Python read the engine's messages about deeply nested objects, such as Argo CD's CRDs, in this process.

    Protobuf for Python refuses messages in more than 100 levels, and each level of an object takes three. The engine
    and its plugins, which are written in Go, have a limit of 10000, and all messages come from them on this machine.
    """
    # The implementation in C is the one that every platform gets.
    implementation = api_implementation._c_module  # noqa: SLF001 - there is no public name for it
    if implementation is not None:
        implementation.SetAllowOversizeProtos(True)
