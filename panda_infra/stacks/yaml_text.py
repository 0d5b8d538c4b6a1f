"""Puts one value into the text of a YAML file without a change of any other character.

Parsing a document and dumping it again would lose comments, anchors and the spelling of numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from panda_infra.config import go_yaml, yaml_nodes
from panda_infra.config.paths import Path, spelled
from panda_infra.errors import PandaInfraError

__all__ = ["PlaceError", "put"]

_INDENT = 2


class PlaceError(PandaInfraError):
    """The value cannot be put there without a change of other values."""


def put(text: str, path: Path, value: str | int) -> str:
    """The text with the value at a path of keys; missing keys are added.

    Args:
        text: of the file.
        path: keys of nested mappings, from the root on.
        value: replaces a text, an empty value or nothing at that path.

    Raises:
        PlaceError: another value stands in the way.
        yaml.YAMLError: the text is not YAML.
    """
    root = yaml_nodes.compose(text)
    if root is None:
        return _Text(text).with_line(len(text), _block(path, value, 0))
    return _Text(text).put(root, path, value)


@dataclass(frozen=True)
class _Text:
    """A text that is edited by positions."""

    text: str

    def put(self, root: yaml.Node, path: Path, value: str | int) -> str:
        node = root
        for depth, part in enumerate(path):
            if not isinstance(node, yaml.MappingNode):
                raise PlaceError(f"{spelled(path[:depth])} must be a mapping")
            entry = _entry(node, part)
            if entry is None:
                return self._insert(node, path[depth:], value)
            key, child = entry
            if child.start_mark.index < key.end_mark.index:
                return self._replace_alias(key, path, depth, value)
            if isinstance(child, yaml.ScalarNode) or not child.value:
                return self._replace(node, key, child, path[depth + 1 :], value)
            node = child
        raise PlaceError(f"{spelled(path)} holds several values")

    def _insert(self, node: yaml.MappingNode, path: Path, value: str | int) -> str:
        if node.flow_style:
            # The start mark of a node with an anchor is the anchor's.
            brace = self.text.index("{", node.start_mark.index) + 1
            separator = ", " if node.value else ""
            return f"{self.text[:brace]}{_flow(path, value)}{separator}{self.text[brace:]}"
        column = node.value[0][0].start_mark.column
        return self.with_line(self._end(node), _block(path, value, column))

    def _replace(
        self, parent: yaml.MappingNode, key: yaml.Node, child: yaml.Node, rest: Path, value: str | int
    ) -> str:
        """Replace a text, an empty value or an empty collection."""
        start, end = child.start_mark.index, child.end_mark.index
        if rest and isinstance(child, yaml.ScalarNode) and child.value and len(rest) > 1:
            raise PlaceError(f"{key.value} must be a mapping, but holds a text")
        old = self.text[start:end]
        if parent.flow_style or not rest or (isinstance(child, yaml.ScalarNode) and child.value):
            blank = "" if old else " "
            line_end = self._newline if old.endswith("\n") else ""
            text = _quoted if parent.flow_style else _plain
            new = f"{{{_flow(rest, value)}}}" if rest else text(value)
            return f"{self.text[:start]}{blank}{new}{line_end}{self.text[end:]}"
        emptied = self.text[:start].rstrip(" ") + self.text[end:]
        return _Text(emptied).with_line(
            len(self.text[:start].rstrip(" ")), _block(rest, value, key.start_mark.column + _INDENT)
        )

    def _replace_alias(self, key: yaml.Node, path: Path, depth: int, value: str | int) -> str:
        """Replace an alias of one encrypted value by the new value; the anchor keeps its value."""
        rest = path[depth + 1 :]
        if len(rest) > 1:
            raise PlaceError(f"{spelled(path[: depth + 1])} is an alias of another section")
        alias = next(
            token
            for token in yaml.scan(self.text, Loader=yaml.SafeLoader)
            if isinstance(token, yaml.AliasToken) and token.start_mark.index >= key.end_mark.index
        )
        new = f"{{{_flow(rest, value)}}}" if rest else _plain(value)
        return f"{self.text[: alias.start_mark.index]}{new}{self.text[alias.end_mark.index :]}"

    def _end(self, node: yaml.MappingNode) -> int:
        """The end of a block's last entry: the block's own end mark includes the comments after it."""
        last = 0
        for token in yaml.scan(self.text, Loader=yaml.SafeLoader):
            if token.start_mark.index >= node.end_mark.index:
                break
            if not isinstance(token, yaml.BlockEndToken):
                last = token.end_mark.index
        return last

    def with_line(self, position: int, lines: Iterator[str]) -> str:
        """The text with lines inserted after the line of a position."""
        if position and self.text[position - 1] == "\n":
            end = position
        else:
            found = self.text.find("\n", position)
            end = found + 1 if found >= 0 else len(self.text)
        before = self.text[:end]
        if before and not before.endswith("\n"):
            before += self._newline
        return before + "".join(f"{line}{self._newline}" for line in lines) + self.text[end:]

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def _entry(node: yaml.MappingNode, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if any(key.value == "<<" for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
        raise PlaceError(f"{part} stands in a mapping that merges another one by `<<`")
    return next(
        ((key, child) for key, child in node.value if isinstance(key, yaml.ScalarNode) and key.value == part),
        None,
    )


def _block(path: Path, value: str | int, column: int) -> Iterator[str]:
    *parents, last = path
    for depth, part in enumerate(parents):
        yield f"{' ' * (column + _INDENT * depth)}{_plain(part)}:"
    yield f"{' ' * (column + _INDENT * len(parents))}{_plain(last)}: {_plain(value)}"


def _flow(path: Path, value: str | int) -> str:
    first, *rest = path
    return f"{_quoted(first)}: " + (f"{{{_flow(tuple(rest), value)}}}" if rest else _quoted(value))


def _plain(text: str | int) -> str:
    """A text on one line, quoted if YAML requires it."""
    dumped = go_yaml.dump(text, width=float("inf"), allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")


def _quoted(text: str | int) -> str:
    """A text for use within braces, quoted if YAML requires it."""
    dumped = go_yaml.dump([text], default_flow_style=True, width=float("inf"), allow_unicode=True)
    return dumped.strip()[1:-1]
