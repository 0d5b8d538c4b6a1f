"""Tell the fields of an Application that the program writes from those that Argo CD or others write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

__all__ = ["changed_by_others", "without_status"]

_BY_ARGO_CD = ("status", "operation")
_BY_THE_SERVER = ("managedFields", "resourceVersion", "generation")
_MOST = 3


def changed_by_others(before: Mapping[str, Any], live: Mapping[str, Any]) -> list[str]:
    """The paths of fields that the last run has written and that differ now, the first ones."""
    written = before.get("spec") or {}
    return list(_differing(written, live.get("spec") or {}, "spec"))[:_MOST]


def without_status(properties: Struct) -> None:
    """Take away what changes all the time, so that the engine's state contains only what the program writes."""
    for key in _BY_ARGO_CD:
        if key in properties.fields:
            del properties.fields[key]
    if "metadata" in properties.fields:
        metadata = properties.fields["metadata"].struct_value
        for key in _BY_THE_SERVER:
            if key in metadata.fields:
                del metadata.fields[key]


def _differing(written: Any, live: Any, path: str) -> Iterator[str]:
    """Others may add keys, such as the parameters of the Image Updater."""
    if isinstance(written, Mapping) and isinstance(live, Mapping):
        for key, value in written.items():
            yield from _differing(value, live.get(key), f"{path}.{key}")
    elif written != live:
        yield path
