"""Reads the YAML of stack and site files as the Pulumi engine does, without decrypting anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from panda_infra.config import go_times, yaml_nodes
from panda_infra.config.go_yaml import STRANGE, TEXT, number
from panda_infra.config.paths import Path
from panda_infra.errors import PandaInfraError, Problem
from panda_infra.tree import leaves, mapped

__all__ = ["ENCRYPTED", "NAMESPACE", "StackFile", "UnreadableError", "document_of", "parse", "parse_site"]

NAMESPACE = "panda-infra"
# Stands for an encrypted value where it only matters that the value is set.
ENCRYPTED = "(encrypted)"

# The engine refuses some of these tabs; PyYAML accepts all.
_TAB_AFTER_KEY = re.compile(r"^[^#\"'\n]*: *\t", re.MULTILINE)
_NO_EXPONENT = 1e21
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_QUOTES = "Put it in quotes if it is a text."


@dataclass(frozen=True)
class StackFile:
    """A parsed stack file.

    ``sections`` are the values under ``config`` in this program's namespace, each encrypted one replaced by
    ``ENCRYPTED``; ``encrypted`` are the paths of those.
    """

    sections: dict[str, Any]
    encrypted: frozenset[Path]


def parse(text: str) -> tuple[StackFile, list[Problem]]:
    """Read a stack file; parts that cannot be read are missing from the result and listed as problems."""
    try:
        config, problems = _config(text)
    except UnreadableError as error:
        fix = f"Write the file as YAML, e.g.\n      config:\n        {NAMESPACE}:experiment: doma"
        return StackFile({}, frozenset()), [Problem(error.where, error.what, fix)]
    return _opened(dict(_own(config, problems))), problems


def document_of(text: str) -> dict[str, Any]:
    """All of a stack file, as the engine reads it, with encrypted values unchanged; empty for an empty file.

    Raises:
        UnreadableError: the file cannot be read.
    """
    root, _ = _read(text)
    if root is None:
        return {}
    if not isinstance(root, dict):
        raise UnreadableError("the file", "must be a mapping with the key `config`")
    return root


def parse_site(text: str) -> tuple[StackFile, list[Problem]]:
    """Read a site file: only sections, without ``config`` and without the namespace before each.

    Raises:
        UnreadableError: the file cannot be read.
    """
    sections, problems = _read(text)
    if not isinstance(sections, dict):
        raise UnreadableError("the file", "must be a mapping of sections to their values")
    return _opened(sections), problems


def _opened(sections: dict[str, Any]) -> StackFile:
    opaque = {key: mapped(value, _opaque, until=_is_encrypted) for key, value in sections.items()}
    found = leaves(sections, until=_is_encrypted)
    return StackFile(opaque, frozenset(path for path, value in found if _is_encrypted(value)))


def _opaque(value: Any) -> Any:
    return ENCRYPTED if _is_encrypted(value) else value


class UnreadableError(PandaInfraError):
    """The file cannot be read as YAML of the expected shape."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where} {what}")
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
    if tab := _TAB_AFTER_KEY.search(text):
        line = text.count("\n", 0, tab.end()) + 1
        raise UnreadableError("the file", f"has a tab after the colon in line {line}: write a space")
    try:
        node = yaml_nodes.compose(text)
    except yaml.MarkedYAMLError as error:
        # The quoted part is text of the file, which may be secret.
        reason = re.sub(r" '.*'", "", error.problem or error.context or "")
        what = f"is not valid YAML: {reason}"
        raise UnreadableError(yaml_nodes.place(error) or "the file", what) from None
    except yaml.reader.ReaderError as error:
        line = text.encode(errors="replace").count(b"\n", 0, error.position) + 1
        what = (
            f"is not valid YAML: line {line} holds the sign U+{int(error.character):04X}, which no YAML has"
        )
        raise UnreadableError("the file", what) from None
    except yaml.YAMLError as error:
        raise UnreadableError("the file", str(error)) from None
    return reader.value(node), reader.problems


def _own(config: dict[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Any]]:
    """The sections of this program; other namespaces belong to other programs, but a misspelled one is a problem."""
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


class _Reader:
    """Makes values from YAML nodes by YAML 1.2's rules, as the engine reads them.

    PyYAML's own constructor follows YAML 1.1, for which `off` is false and `1:30` is ninety, and lets the
    last of two equal keys win.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node | None) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        return self._scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        lines: dict[str, int] = {}
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._tell(line, "a key must be a text", "Write `key: value`.")
                continue
            key: str = key_node.value
            if key in lines:
                self._tell(
                    line,
                    f"the key `{key}` is there twice, first in line {lines[key]}",
                    "Keep one of the two.",
                )
            lines[key] = line
            if key == "<<":  # in quotes too
                merged = self._merged(value_node, line)
                continue
            if _is_tagged(key_node):
                self._tell(line, f"the key `{key}` has a tag of YAML", "Write the key without it.")
            elif _changes(key_node):
                self._tell(
                    line,
                    f"the key `{key}` is no text, and the engine writes it otherwise",
                    "Put it in quotes.",
                )
            before = len(self.problems)
            value = self.value(value_node)
            # Leave out a value that the engine reads differently, so that it is reported only once.
            if not isinstance(value_node, yaml.ScalarNode) or len(self.problems) == before:
                own[key] = value
        return {**merged, **own}

    def _merged(self, node: yaml.Node, line: int) -> dict[str, Any]:
        """The keys that `<<` merges from one or several mappings; the first mapping with a key wins."""
        value = self.value(node)
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, dict) for part in parts):
            self._tell(line, "`<<` needs a mapping or a list of mappings", "Write `<<: *name`.")
            return {}
        return {key: item for part in reversed(parts) for key, item in part.items()}

    def _scalar(self, node: yaml.ScalarNode) -> str | int | float | bool | None:
        text: str = node.value
        line = node.start_mark.line + 1
        if node.tag == yaml_nodes.PLAIN:
            if STRANGE.fullmatch(text):
                self._tell(line, "`.inf` and `.nan` are no numbers that the engine takes", _QUOTES)
            return _resolved(text)
        if _is_tagged(node):
            self._tell(line, "a tag of YAML changes what the value is", "Write the value without it.")
        return text

    def _tell(self, line: int, what: str, fix: str) -> None:
        self.problems.append(Problem(f"line {line}", what, fix))


def _is_tagged(node: yaml.ScalarNode) -> bool:
    """True if a scalar has one of YAML's own tags: the engine may refuse it or read another value."""
    return node.tag not in (yaml_nodes.PLAIN, TEXT) and not node.tag.startswith("!")


def _changes(key: yaml.ScalarNode) -> bool:
    """True if the engine writes a key differently, such as a number in another base."""
    value = _resolved(key.value) if key.tag == yaml_nodes.PLAIN else key.value
    return not isinstance(value, str | bool) and str(value) != key.value


def _resolved(text: str) -> str | int | float | bool | None:
    """The value of a text without quotes."""
    if text.lower() in _WORDS and text in (text.lower(), text.title(), text.upper()):
        return _WORDS[text.lower()]
    value = number(text)
    if value is None:
        return go_times.as_read(text)
    # Whole numbers are integers, as in the JSON of the engine.
    return int(value) if float(value).is_integer() and abs(value) < _NO_EXPONENT else value
