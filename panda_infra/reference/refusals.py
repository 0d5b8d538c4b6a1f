"""docs/refusals.md: each command's errors for bad input, from the table that the tests use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from panda_infra.config import schema
from panda_infra.reference.markdown import MADE, code, table

__all__ = ["Row", "refusals", "rows"]

_TABLE = schema.FOLDER.parent / "tests" / "bad_input.yaml"
_INTRODUCTION = """\
# What is refused, and how

A test tries every command below with every input beside it. It expects the exit code and these words in the output, and
never a traceback or a secret. [commands.md](commands.md) explains the exit codes. `small` is the name of the stack; the
command line is right unless the table shows another one.
"""


@dataclass(frozen=True)
class Row:
    """One case: the words after ``python -m panda_infra``, the project's content, and the expected result.

    ``files`` are written into the project first, in the table's format. An empty variable in ``environment`` is unset.
    ``says`` are words that the error must contain, ``code`` is the exit code.
    """

    command: str
    tried: str
    arguments: Sequence[str]
    code: int
    says: str
    files: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""

    @property
    def words(self) -> list[str]:
        """The whole command line."""
        return [*self.command.split(), *map(str, self.arguments)]

    def __str__(self) -> str:
        return f"{self.command}: {self.tried}"


def rows() -> Iterator[Row]:
    """Every row; a group's rows appear once for each of its commands."""
    content = _content()
    for group in content["groups"]:
        for command, right in group["commands"].items():
            for row in group["rows"]:
                own = row.get("but", {}).get(command, {})
                words = [str(word) for word in right]
                if "stack" in row:
                    words = [row["stack"] if word == "small" else word for word in words]
                plain = {key: value for key, value in row.items() if key not in ("stack", "but")}
                yield Row(command=command, arguments=words, **{"code": 1, **plain, **own})
    for command, listed in content["commands"].items():
        for row in listed:
            yield Row(command=command, **{"code": 1, **row})


def refusals() -> str:
    """The page."""
    content = _content()
    lines = [MADE, _INTRODUCTION]
    for group in content["groups"]:
        lines += [f"## {group['name'][:1].upper()}{group['name'][1:]}\n"]
        lines += [f"{', '.join(map(code, group['commands']))}.\n"]
        lines += table(("tried", "exit code", "reported"), [_in_group(row) for row in group["rows"]])
    for command, listed in content["commands"].items():
        lines += [f"## {command}\n"]
        found = [Row(command=command, **{"code": 1, **row}) for row in listed]
        shown = [
            (row.tried, code(" ".join(map(_word, row.arguments))), str(row.code), row.says) for row in found
        ]
        lines += table(("tried", "arguments", "exit code", "reported"), shown)
    return "\n".join(lines)


def _in_group(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """A row of a group, with the exceptions of single commands."""
    codes, words = [str(row.get("code", 1))], [str(row["says"])]
    for command, own in row.get("but", {}).items():
        codes += [f"{command}: {own['code']}"] if "code" in own else []
        words += [f"{command}: {own['says']}"] if "says" in own else []
    return row["tried"], "; ".join(codes), "; ".join(words)


def _word(argument: object) -> str:
    return str(argument) or "''"


def _content() -> dict[str, Any]:
    return dict(yaml.safe_load(_TABLE.read_text(encoding="utf-8")))
