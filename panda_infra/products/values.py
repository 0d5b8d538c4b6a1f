"""Nested values: looking up and setting by path, and merging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

__all__ = ["ABSENT", "Values", "at", "merged", "value_at"]

Values = dict[str, Any]

ABSENT = object()
"""Stands for a value that is not there: null is one that Helm removes."""


def at(path: str, value: Any) -> Values:
    """``value`` nested below a dotted path: ``at("a.b", 1)`` is ``{"a": {"b": 1}}``."""
    for key in reversed(path.split(".")):
        value = {key: value}
    nested: Values = value
    return nested


def value_at(tree: Any, path: Iterable[str | int]) -> Any:
    """The value at a path of keys, or ABSENT."""
    for key in path:
        if not isinstance(tree, Mapping) or key not in tree:
            return ABSENT
        tree = tree[key]
    return tree


def merged(*layers: Mapping[str, Any]) -> Values:
    """The layers on top of each other: maps merge, everything else is replaced by the later layer."""
    result: Values = {}
    for layer in layers:
        for key, value in layer.items():
            below = result.get(key)
            if isinstance(below, dict) and isinstance(value, Mapping):
                result[key] = merged(below, value)
            else:
                result[key] = deepcopy(value)
    return result
