"""Reads the YAML of stack and site files as the Pulumi engine does, without decrypting anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from panda_infra.config.paths import Path
from panda_infra.errors import Problem

__all__ = ["ENCRYPTED", "NAMESPACE", "StackFile", "UnreadableError", "parse", "parse_site"]

NAMESPACE = "panda-infra"
# Stands for an encrypted value where only "set" matters, never its content.
ENCRYPTED = "(encrypted)"

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]{1,3})?")
_SCALARS = {"": None, "~": None, "null": None, "true": True, "false": False}
_MOST_NODES = 100_000
_DEEPEST = 100


@dataclass(frozen=True)
class StackFile:
    """What a stack file says.

    ``sections`` are the values under ``config`` in this program's namespace, each encrypted one replaced by
    ``ENCRYPTED``; ``encrypted`` are the paths of those.
    """

    sections: dict[str, Any]
    encrypted: frozenset[Path]


def parse(text: str) -> tuple[StackFile, list[Problem]]:
    """Reads a stack file; what could not be read is missing from the result and told in the problems."""
    try:
        config, problems = _config(text)
    except UnreadableError as error:
        fix = f"Write the file as YAML, e.g.\n      config:\n        {NAMESPACE}:experiment: doma"
        return StackFile({}, frozenset()), [Problem(error.where, error.what, fix)]
    return _opened(dict(_own(config, problems))), problems


def parse_site(text: str) -> tuple[StackFile, list[Problem]]:
    """Reads a site file: the sections alone, without ``config`` and without the namespace before each.

    Raises:
        UnreadableError: nothing can be made of it.
    """
    sections, problems = _read(text)
    if not isinstance(sections, dict):
        raise UnreadableError("the file", "must be a mapping of sections to their values")
    return _opened(sections), problems


def _opened(sections: dict[str, Any]) -> StackFile:
    opaque = {key: _opaque(value) for key, value in sections.items()}
    return StackFile(opaque, frozenset(_encrypted(sections, ())))


class UnreadableError(Exception):
    """Nothing can be made of the file."""

    def __init__(self, where: str, what: str) -> None:
        self.where = where
        self.what = what


def _config(text: str) -> tuple[dict[str, Any], list[Problem]]:
    root, problems = _read(text)
    if not isinstance(root, dict):
        raise UnreadableError("the file", "must be a mapping with the key `config`")
    config = root.get("config") or {}
    if not isinstance(config, dict):
        raise UnreadableError("config", f"must be a mapping of `{NAMESPACE}:<section>` to its value")
    return config, problems


def _read(text: str) -> tuple[Any, list[Problem]]:
    reader = _Reader()
    try:
        _check_depth(text)
        root = reader.value(yaml.compose(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise UnreadableError(at, f"is not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableError("the file", f"is not valid YAML ({type(error).__name__})") from None
    except RecursionError:
        raise UnreadableError("the file", "nests far too deep") from None
    return root, reader.problems


def _check_depth(text: str) -> None:
    """The composer written in C recurses without a limit and takes the whole process with it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise RecursionError


def _own(config: dict[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """The sections of this program; other namespaces belong to other programs, unless it is a slip."""
    for key, value in config.items():
        namespace, colon, name = key.partition(":")
        if not colon or namespace == NAMESPACE:
            yield name or namespace, value
        elif re.sub(r"[^a-z]", "", namespace.lower()) == NAMESPACE.replace("-", ""):
            fix = f"Write `{NAMESPACE}:{name}`."
            what = "belongs to another namespace and would be ignored"
            problems.append(Problem(f"config.{key}", what, fix))


def _is_encrypted(value: object) -> bool:
    """Pulumi's own rule: a mapping of the one key `secure` to a text."""
    return isinstance(value, dict) and value.keys() == {"secure"} and isinstance(value["secure"], str)


def _encrypted(value: object, path: Path) -> Iterator[Path]:
    if _is_encrypted(value):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _encrypted(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, (*path, index))


def _opaque(value: Any) -> Any:
    if _is_encrypted(value):
        return ENCRYPTED
    if isinstance(value, dict):
        return {key: _opaque(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_opaque(item) for item in value]
    return value


class _Reader:
    """Makes values from YAML nodes by YAML 1.2's rules, as the engine reads them.

    PyYAML's own constructor follows YAML 1.1, for which `off` is false and `1:30` is ninety, and lets the
    last of two equal keys win.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._nodes = 0

    def value(self, node: yaml.Node | None) -> Any:
        self._nodes += 1
        if self._nodes > _MOST_NODES:  # an alias may contain many others, or itself
            raise UnreadableError("the file", f"has more than {_MOST_NODES} values")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        return _scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        lines: dict[str, int] = {}
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(f"line {line}", "a key must be a text", "Write `key: value`."))
                continue
            key: str = key_node.value
            if key == "<<" and not key_node.style:
                value = self.value(value_node)
                for part in value if isinstance(value, list) else [value]:
                    merged = {**part, **merged} if isinstance(part, dict) else merged
                continue
            if key in lines:
                what = f"the key `{key}` is there twice, first in line {lines[key]}"
                self.problems.append(Problem(f"line {line}", what, "Keep one of the two."))
            lines[key] = line
            own[key] = self.value(value_node)
        return {**merged, **own}


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text: str = node.value
    if node.style or node.tag == "tag:yaml.org,2002:binary":
        return text
    if text.lower() in _SCALARS and text in (text.lower(), text.title(), text.upper()):
        return _SCALARS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
