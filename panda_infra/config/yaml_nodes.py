"""Reads untrusted YAML: every error in a text raises `yaml.YAMLError`, within a second.

PyYAML alone does not guarantee that: its composer in C may crash the whole process, a few aliases stand for billions
of values, and its constructors raise other exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from panda_infra.config.paths import Path

__all__ = ["PLAIN", "Entry", "compose", "entries", "load", "place"]

PLAIN = "plain"
"""The tag of a scalar without quotes and without a tag of its own."""
_BYTE_ORDER_MARK = "\ufeff"
_DEEPEST = 100
_MOST_NODES = 100_000


class _Loader(yaml.CBaseLoader):
    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        """Tag scalars without quotes and without a tag as ``PLAIN``."""
        if kind is yaml.ScalarNode and implicit[0]:
            return PLAIN
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text; None for an empty one. Scalars are not resolved; those without quotes are ``PLAIN``.

    Raises:
        yaml.YAMLError: it is not YAML, or is larger than anything written by hand.
    """
    return _composed(text, _Loader)


@dataclass(frozen=True)
class Entry:
    """A key of a mapping, or an item of a list: its path, its value, and the line of the text on which it stands."""

    path: Path
    value: yaml.Node
    line: int


def entries(node: yaml.Node | None, below: Path = ()) -> Iterator[Entry]:
    """Every key and item of a composed text, each before its content."""
    inside: list[tuple[str | int, yaml.Node, yaml.Node]]
    if isinstance(node, yaml.MappingNode):
        inside = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inside = [(index, item, item) for index, item in enumerate(node.value)]
    else:
        return
    for part, at, value in inside:
        yield Entry((*below, part), value, at.start_mark.line + 1)
        yield from entries(value, (*below, part))


def load(text: str) -> Any:
    """The values of a text as PyYAML and so other Python programs read them.

    Raises:
        yaml.YAMLError: the text cannot be read.
    """
    node = _composed(text, yaml.CSafeLoader)
    if node is None:
        return None
    try:
        return yaml.CSafeLoader("").construct_document(node)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise yaml.YAMLError(f"a value does not fit its tag ({type(error).__name__})") from None


def place(error: Exception) -> str:
    """The place of an error in words, without a part of the text; empty if it is unknown."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _composed(text: str, loader: Any) -> yaml.Node | None:
    if _BYTE_ORDER_MARK in text[1:]:
        # Helm and the engine refuse it or take it for a part of a key; a person does not see it.
        line = text.count("\n", 0, text.index(_BYTE_ORDER_MARK, 1)) + 1
        raise yaml.YAMLError(f"holds an invisible byte order mark in line {line}: remove it")
    try:
        _check_depth(text)
        node: yaml.Node | None = yaml.compose(text, Loader=loader)
    except ValueError as error:  # a lone surrogate
        raise yaml.YAMLError(f"holds what no text in UTF-8 has ({type(error).__name__})") from None
    if node is not None:
        _check_extent(node)
    return node


def _check_depth(text: str) -> None:
    """Limit the depth: the composer in C recurses without a limit."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError("nests far too deep")


def _check_extent(node: yaml.Node) -> None:
    """Limit the values, with each alias counted as its target: they may be billions, or endless."""
    try:
        count, height = _extent(node, {})
    except RecursionError:
        count, height = 0, _DEEPEST + 1
    if height > _DEEPEST:
        raise yaml.YAMLError("nests far too deep")
    if count > _MOST_NODES:
        raise yaml.YAMLError(f"has more than {_MOST_NODES} values")


def _extent(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """The number of values in a node, and their depth, which is too large if the node contains itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1, 0
    if id(node) not in known:
        known[id(node)] = 1, _DEEPEST + 1
        below = [each for item in node.value for each in (item if isinstance(item, tuple) else (item,))]
        found = [_extent(each, known) for each in below]
        known[id(node)] = (
            1 + sum(count for count, _ in found),
            1 + max((height for _, height in found), default=0),
        )
    return known[id(node)]
