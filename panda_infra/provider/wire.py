"""Convert between Pulumi's wire values and plain Python values.

An unknown value is the string `UNKNOWN` here: the SDK's marshaller has no form for it, but the engine accepts this
string.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

__all__ = ["UNKNOWN", "from_wire", "to_wire"]

UNKNOWN: str = rpc.UNKNOWN


def from_wire(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Plain values: whole numbers as int, secrets unwrapped, without nulls and the engine's ``__`` keys."""
    return {
        name: _plain(value)
        for name, value in values.items()
        if value.value is not None and not name.startswith("__")
    }


def to_wire(values: Mapping[str, Any], *, secrets: Collection[str] = ()) -> dict[str, PropertyValue]:
    """Wire values of ``values``; those named in ``secrets`` are marked as secret."""
    return {
        name: _wire(value).with_secret(name in secrets) for name, value in values.items() if value is not None
    }


def _plain(value: PropertyValue) -> Any:
    inner = value.value
    if isinstance(inner, Mapping):
        return from_wire(inner)
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [_plain(item) for item in inner]
    return inner


def _wire(value: Any) -> PropertyValue:
    if isinstance(value, Mapping):
        return PropertyValue(to_wire(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    if isinstance(value, list | tuple):
        return PropertyValue([_wire(item) for item in value])
    return PropertyValue(value)
