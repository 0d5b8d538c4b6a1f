"""Spring's environment: properties of several files and the variables, looked up in order, with `${...}` resolved.

The rules are those of Spring Boot 2.6: a property is known in any of its spellings (`iam.base-url`, `iam.baseUrl`,
`IAM_BASE_URL`), a file beside the program wins over the same file inside it, a profile's file over the general one,
and a list is taken whole from where it is found first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from tests.support import fast_yaml
from tests.support.readers.values import RefusedError

__all__ = ["Environment", "from_properties", "from_yaml"]

Properties = Mapping[str, str]
_START = "${"


class Environment:
    """Property sources, of which earlier ones win; ``variables`` are those of the process and come first."""

    def __init__(self, variables: Properties, sources: Sequence[Properties]) -> None:
        self._variables = variables
        self._sources = sources
        self._canonical = [{_canonical(name): text for name, text in source.items()} for source in sources]

    def text(self, name: str) -> str:
        """A property with every placeholder replaced.

        Raises:
            RefusedError: it is nowhere, or a placeholder in it is.
        """
        found = self._bound(name)
        if found is None:
            raise RefusedError(name, "is missing")
        return self.resolved(name, found)

    def items(self, name: str) -> list[str]:
        """A list's texts: written as one text with commas, or as elements of one source."""
        found = self._bound(name)
        if found is not None:
            return [part.strip() for part in self.resolved(name, found).split(",")]
        return [self.text(f"{name}[{index}]") for index in range(self.length(name))]

    def length(self, name: str) -> int:
        """How many elements a list has in the first source that has any."""
        start = f"{_canonical(name)}["
        for source in self._canonical:
            if numbers := {int(key[len(start) :].split("]")[0]) for key in source if key.startswith(start)}:
                return len(numbers)
        return 0

    def names(self, prefix: str) -> set[str]:
        """What is directly below a property, in any source."""
        start = f"{prefix}."
        return {
            name[len(start) :].split(".")[0].split("[")[0]
            for source in self._sources
            for name in source
            if name.startswith(start)
        }

    def resolved(self, where: str, text: str, being: tuple[str, ...] = ()) -> str:
        """The text with `${name}` and `${name:default}` replaced, also inside of what they are replaced by."""
        while (start := text.find(_START)) >= 0:
            end = _end(text, start)
            if end is None:
                return text
            inside = self.resolved(where, text[start + len(_START) : end], being)
            if inside in being:
                raise RefusedError(where, "refers to itself")
            found = self._named(inside)
            if found is None and ":" in inside:
                name, default = inside.split(":", 1)
                found = self._named(name)
                found = default if found is None else found
            if found is None:
                raise RefusedError(where, "has a placeholder that nothing resolves")
            text = text[:start] + self.resolved(where, found, (*being, inside)) + text[end + 1 :]
        return text

    def _named(self, name: str) -> str | None:
        """By the name as it is written, as placeholders are looked up."""
        places = (self._variables, *self._sources)
        return next((place[name] for place in places if name in place), None)

    def _bound(self, name: str) -> str | None:
        """By any spelling of a name, as objects are bound."""
        dashed = re.sub("(?<=[a-z])(?=[A-Z])", "-", name).replace("_", "-")
        variable = dashed.upper().replace(".", "_")
        for spelling in (variable.replace("-", ""), variable.replace("-", "_")):
            if spelling in self._variables:
                return self._variables[spelling]
        wanted = _canonical(name)
        return next((source[wanted] for source in self._canonical if wanted in source), None)


def from_yaml(text: str) -> Properties:
    """The properties of a YAML file by their full names."""
    try:
        document = fast_yaml.load(text)
    except yaml.YAMLError as error:
        raise RefusedError("a YAML file", f"cannot be read: {type(error).__name__}") from None
    return dict(_flat("", document or {}))


def from_properties(text: str) -> Properties:
    """The properties of a Java properties file without continued lines."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [re.split(r"\s*[=:]\s*|\s+", line, maxsplit=1) for line in lines if line and line[0] not in "#!"]
    return {name: "".join(rest) for name, *rest in pairs}


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(f"{name}[{index}]", item)
    elif isinstance(value, bool):
        yield name, str(value).lower()
    else:
        yield name, "" if value is None else str(value)


def _canonical(name: str) -> str:
    return re.sub(r"[-_]", "", name).lower()


def _end(text: str, start: int) -> int | None:
    """Where the placeholder that begins there ends, past those inside it."""
    depth, position = 0, start + len(_START)
    while position < len(text):
        if text.startswith(_START, position):
            depth += 1
        elif text[position] == "}":
            if depth == 0:
                return position
            depth -= 1
        position += 1
    return None
