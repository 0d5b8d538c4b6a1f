"""Let Python read the engine's messages about deeply nested objects, such as Argo CD's CRDs.

Protobuf for Python refuses messages in more than 100 levels, and each level of an object takes three. The engine and
its plugins, which are written in Go, have a limit of 10000.
"""

from __future__ import annotations

from google.protobuf.internal import api_implementation

__all__ = ["accept_deep_messages"]


def accept_deep_messages() -> None:
    """Lift the limit in this process; the messages come from the engine and its plugins on this machine alone."""
    # The implementation in C is the one that every platform gets.
    implementation = api_implementation._c_module  # noqa: SLF001 - there is no public name for it
    if implementation is not None:
        implementation.SetAllowOversizeProtos(True)
