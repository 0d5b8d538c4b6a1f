"""The changes that Helm would make to the running objects, and which of them replace pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.adoption.template_values import difference
from panda_infra.helm.manifest import items_of
from panda_infra.tree import MISSING

__all__ = ["ObjectChange", "changes", "replaces_pods"]

_TEMPLATE = ("spec", "template")
_WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")


@dataclass(frozen=True)
class ObjectChange:
    """A field of an object that would change; ``path`` is empty for a new or deleted object."""

    kind: str
    name: str
    path: tuple[str, ...]
    found: Any
    stack: Any


def changes(found: str, made: str) -> Iterator[ObjectChange]:
    """The differences from the running manifest to the one that the stack's chart renders."""
    before = {item.key: item for item in items_of(found)}
    after = {item.key: item for item in items_of(made)}
    for key in dict.fromkeys((*before, *after)):
        _, kind, _, name = key
        if key not in after:
            yield ObjectChange(kind, name, (), "is there", "would be deleted")
        elif key not in before:
            yield ObjectChange(kind, name, (), "is not there", "would be made")
        else:
            one, other = _by_name(before[key].content), _by_name(after[key].content)
            for path, here, there in difference(one, other):
                yield ObjectChange(kind, name, path, _shown(here), _shown(there))


def replaces_pods(change: ObjectChange) -> bool:
    """Return whether the change replaces a workload's pods."""
    return change.kind in _WORKLOADS and change.path[:2] == _TEMPLATE


def _by_name(value: Any) -> Any:
    """Turn lists of named items, such as containers and variables, into mappings, to compare them item by item."""
    if isinstance(value, Mapping):
        return {key: _by_name(item) for key, item in value.items()}
    if (
        isinstance(value, list)
        and value
        and all(isinstance(item, Mapping) and "name" in item for item in value)
    ):
        return {str(item["name"]): _by_name(item) for item in value}
    return value


def _shown(value: Any) -> Any:
    return None if value is MISSING else value
