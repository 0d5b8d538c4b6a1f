"""Walk, look up, change, merge and compare trees of plain values, as in JSON and YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ABSENT",
    "MISSING",
    "Difference",
    "Path",
    "Values",
    "at",
    "differences",
    "dotted",
    "entries",
    "leaves",
    "mapped",
    "merged",
    "put",
    "texts",
    "value_at",
    "without_nulls",
]

Path = tuple[str | int, ...]
Values = dict[str, Any]

ABSENT = "(absent)"
"""Stands in a difference for a value that is missing in one of two trees."""

MISSING = object()
"""The result of a look-up for a missing value: None is a value, which makes Helm remove a key."""

Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Difference:
    """One place that differs: its path and both JSON values; ``(absent)`` for a missing one."""

    path: str
    before: Any
    after: Any


def leaves(tree: Any, path: Path = (), *, until: Test = lambda _: False) -> Iterator[tuple[Path, Any]]:
    """Each value that is neither a mapping nor a list, with its path, in the order of the tree.

    Args:
        tree: a mapping, a list, or a leaf itself.
        path: of the tree, before the path of each leaf.
        until: finds the mappings and lists that count as leaves.
    """
    if isinstance(tree, Mapping) and not until(tree):
        for key, value in tree.items():
            yield from leaves(value, (*path, key), until=until)
    elif isinstance(tree, list | tuple) and not until(tree):
        for index, value in enumerate(tree):
            yield from leaves(value, (*path, index), until=until)
    else:
        yield path, tree


def texts(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Each leaf that is a text, with its path."""
    return ((at, leaf) for at, leaf in leaves(tree, path) if isinstance(leaf, str))


def entries(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value that is not a mapping, with its path of keys: to Helm, a list is one value."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from entries(value, (*path, key))
        else:
            yield (*path, key), value


def mapped(tree: Any, change: Callable[[Any], Any], *, until: Test = lambda _: False) -> Any:
    """The same tree with each leaf changed; ``until`` finds the mappings and lists that count as leaves."""
    if isinstance(tree, Mapping) and not until(tree):
        return {key: mapped(value, change, until=until) for key, value in tree.items()}
    if isinstance(tree, list | tuple) and not until(tree):
        return [mapped(value, change, until=until) for value in tree]
    return change(tree)


def at(path: str, value: Any) -> Values:
    """``value`` nested below a dotted path: ``at("a.b", 1)`` is ``{"a": {"b": 1}}``."""
    nested: Values = {}
    put(nested, path.split("."), value)
    return nested


def value_at(tree: Any, path: Iterable[str | int], default: Any = MISSING) -> Any:
    """The value at a path of keys and indices, or the default."""
    for part in path:
        is_index = isinstance(tree, list) and isinstance(part, int) and part < len(tree)
        if not is_index and not (isinstance(tree, Mapping) and part in tree):
            return default
        tree = tree[part]
    return tree


def put(tree: Values, path: Iterable[str | int], value: Any) -> None:
    """Set the value at a path of keys; missing mappings above it are made, and other values there are replaced."""
    *parents, last = map(str, path)
    for part in parents:
        if not isinstance(tree.get(part), dict):
            tree[part] = {}
        tree = tree[part]
    tree[last] = value


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


def dotted(path: Path) -> str:
    """A path as text, e.g. ``a.b[0]``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """The deepest places in which two JSON values differ; lists of different lengths differ as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            deeper = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), deeper)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}[{index}]")
    elif before != after:
        yield Difference(path, before, after)


def without_nulls(tree: Mapping[str, Any]) -> Values:
    """The tree without the keys whose value is null, on every level of mappings."""
    return {
        key: without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in tree.items()
        if value is not None
    }
