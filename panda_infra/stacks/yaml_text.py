"""Puts one value into the text of a YAML file and leaves every other character as it was.

Anything that reads a document and writes it anew loses something: comments, anchors, the way a number is spelled.
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
    """The value cannot be put there without a change of others."""


def put(text: str, path: Path, value: str) -> str:
    """The text with the value at a path of keys, of which all or some may be missing.

    Args:
        text: of the file.
        path: keys of nested mappings, from the root on.
        value: becomes the only thing at that path; a text or nothing may stand there before.

    Raises:
        PlaceError: another value stands in the way.
        yaml.YAMLError: the text is no YAML.
    """
    root = yaml_nodes.compose(text)
    if root is None:
        return _Text(text).with_line(len(text), _block(path, value, 0))
    return _Text(text).put(root, path, value)


@dataclass(frozen=True)
class _Text:
    """A text with edits that are told as positions in it."""

    text: str

    def put(self, root: yaml.Node, path: Path, value: str) -> str:
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

    def _insert(self, node: yaml.MappingNode, path: Path, value: str) -> str:
        if node.flow_style:
            # A node with an anchor begins at the anchor.
            brace = self.text.index("{", node.start_mark.index) + 1
            separator = ", " if node.value else ""
            return f"{self.text[:brace]}{_flow(path, value)}{separator}{self.text[brace:]}"
        column = node.value[0][0].start_mark.column
        return self.with_line(self._end(node), _block(path, value, column))

    def _replace(
        self, parent: yaml.MappingNode, key: yaml.Node, child: yaml.Node, rest: Path, value: str
    ) -> str:
        """Put something in place of a text, of nothing, or of an empty collection."""
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

    def _replace_alias(self, key: yaml.Node, path: Path, depth: int, value: str) -> str:
        """An alias of one encrypted value gives way to a value of its own; what it names stays."""
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
        """Where the last entry of a block ends: the mark of a block itself is behind the comments after it."""
        last = 0
        for token in yaml.scan(self.text, Loader=yaml.SafeLoader):
            if token.start_mark.index >= node.end_mark.index:
                break
            if not isinstance(token, yaml.BlockEndToken):
                last = token.end_mark.index
        return last

    def with_line(self, position: int, lines: Iterator[str]) -> str:
        """The text with whole lines behind the one that a position is in."""
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


def _block(path: Path, value: str, column: int) -> Iterator[str]:
    *parents, last = path
    for depth, part in enumerate(parents):
        yield f"{' ' * (column + _INDENT * depth)}{_plain(part)}:"
    yield f"{' ' * (column + _INDENT * len(parents))}{_plain(last)}: {_plain(value)}"


def _flow(path: Path, value: str) -> str:
    first, *rest = path
    return f"{_quoted(first)}: " + (f"{{{_flow(tuple(rest), value)}}}" if rest else _quoted(value))


def _plain(text: str | int) -> str:
    """A text on one line, in quotes where YAML needs them."""
    dumped = go_yaml.dump(str(text), width=float("inf"), allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")


def _quoted(text: str | int) -> str:
    """The same within braces."""
    dumped = go_yaml.dump([str(text)], default_flow_style=True, width=float("inf"), allow_unicode=True)
    return dumped.strip()[1:-1]
