"""Chart values as a template sees them, and the differences between two sets of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.adoption.installation import Tree
from panda_infra.tree import MISSING, merged, without_nulls

__all__ = ["Keys", "difference", "effective"]

Keys = tuple[str, ...]


def effective(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> Tree:
    """A chart's defaults merged with the given values, as its templates see them: null removes a subtree."""
    return without_nulls(merged(defaults, values))


def difference(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[tuple[Keys, Any, Any]]:
    """Every leaf that differs, as its path and the two values; lists are leaves.

    The ``global`` values that Helm copies into each sub-chart are left out.
    """
    yield from _difference(wanted, actual, ())


def _difference(
    wanted: Mapping[str, Any], actual: Mapping[str, Any], path: Keys
) -> Iterator[tuple[Keys, Any, Any]]:
    for key in dict.fromkeys((*wanted, *actual)):
        here = (*path, key)
        if path and key == "global":
            continue
        one, other = wanted.get(key, MISSING), actual.get(key, MISSING)
        if _is_tree(one) and _is_tree(other):
            yield from _difference(_tree(one), _tree(other), here)
        elif not _same(one, other):
            yield here, one, other


def _is_tree(value: Any) -> bool:
    return isinstance(value, Mapping) or value is MISSING


def _tree(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _same(one: Any, other: Any) -> bool:
    """True if a template prints both values alike: 1 is not true, but 5 is 5.0."""
    if one is MISSING or other is MISSING:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
