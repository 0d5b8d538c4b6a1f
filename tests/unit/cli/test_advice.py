"""Every command that the program advises is one that its own parser, or Pulumi's, takes."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from panda_infra.cli.app import app
from panda_infra.config.messages import set_secret, set_setting
from tests.support.parsing import parse, unknown_flags
from tools import REPOSITORY

_PROGRAM = "python -m panda_infra"
_COMMAND = re.compile(rf"{_PROGRAM}(?: [^`\n]+)?|(?<=`)pulumi [a-z][^`]*")
# What the functions that make commands give, in place of a call of them.
_CALLS = {
    "set_secret": set_secret("doma", "panda.databasePassword"),
    "set_setting": set_setting("doma", "hosts.panda", "HOST"),
}
_STAND_IN = "doma"
_FAILED = f"pulumi {_STAND_IN}"  # a command that has failed, whatever it was, is no advice
_GROUP = typer.main.get_command(app)


def _texts(file: Path) -> Iterator[tuple[int, str]]:
    """Each text of a module, with something in place of what is filled in while it runs."""
    left: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while left:
        node = left.pop()
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(map(_filled, node.values))
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                yield node.lineno, node.value
        else:
            left += ast.iter_child_nodes(node)


def _filled(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else None
    name = getattr(value.func, "id", "") if isinstance(value, ast.Call) else ""
    return _CALLS.get(name, _STAND_IN)


_TEXTS = [
    (f"{file.relative_to(REPOSITORY)}:{line}", text)
    for file in sorted((REPOSITORY / "panda_infra").rglob("*.py"))
    for line, text in sorted(_texts(file))
]


def _advised() -> Iterator[object]:
    for where, text in _TEXTS:
        for found in sorted(set(_COMMAND.findall(text)) - {_FAILED}):
            yield pytest.param(
                found.rstrip(" .,;:)\"'") if "'" not in found else found, id=f"{where} {found}"
            )


@pytest.mark.parametrize("command", list(_advised()))
def test_an_advised_command_is_taken_by_its_parser(command: str) -> None:
    words = shlex.split(command)
    if command.startswith("pulumi"):
        assert unknown_flags(words[1:]) == []
    else:
        parse(_GROUP, words[3:])


_MENTIONS = re.compile(r"`([a-z][a-z-]*(?: [^`]*)?)`")


def _mentioned() -> Iterator[object]:
    names = set(_GROUP.commands)  # type: ignore[attr-defined]
    for where, text in _TEXTS:
        for found in _MENTIONS.findall(text):
            words = found.split()
            if len(words) > 1 and words[0] in names:
                yield pytest.param(words, id=f"{where} {found}")


@pytest.mark.parametrize("words", list(_mentioned()))
def test_a_command_that_is_mentioned_by_its_name_has_those_options(words: list[str]) -> None:
    found = _GROUP
    while hasattr(found, "commands") and words and not words[0].startswith("-"):
        found = found.commands[words.pop(0)]
    if found.context_settings.get("ignore_unknown_options"):
        return  # they are Pulumi's
    known = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known | {"--help"}


@pytest.mark.parametrize(
    "key", ["panda.databasePassword", 'files.panda["a.pem"]', 'auth.clientSecrets["it\'s"]']
)
def test_a_key_survives_the_shell(key: str) -> None:
    assert shlex.split(set_secret("doma", key))[-1] == key
    parse(_GROUP, shlex.split(set_secret("doma", key))[3:])
