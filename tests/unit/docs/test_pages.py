"""Everything that the pages name exists: commands, options, keys, files, anchors."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from panda_infra.cli.app import app as program
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.config.validation import validated
from panda_infra.tree import merged
from testbed.cli import app as bed
from tests.support import fast_yaml
from tests.support.command_line import every_command
from tests.support.key_paths import key_paths
from tests.support.pages import (
    PAGES,
    PROGRAMS,
    Command,
    anchors,
    commands,
    headings,
    inline_code,
    inline_commands,
    keys,
    links,
    snippets,
)
from tests.support.parsing import parse, unknown_flags
from tools import REPOSITORY
from tools.__main__ import parser as tools_parser

_APPS = {"panda_infra": program, "testbed": bed}
_ALL = [command for page in PAGES for command in [*commands(page), *inline_commands(page)]]
_SECTIONS = frozenset(str(info.alias or name) for name, info in StackConfig.model_fields.items())
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def _of(*beginning: str) -> list[Command]:
    return [command for command in _ALL if command.words[: len(beginning)] == beginning]


@each_page
def test_every_line_of_a_block_of_commands_is_one(page: Path) -> None:
    assert [str(command) for command in commands(page) if command.words[0] not in PROGRAMS] == []


@pytest.mark.parametrize("command", _of("python", "-m"), ids=str)
def test_python_commands_parse(command: Command) -> None:
    _, _, module, *words = command.words
    if module in _APPS:
        parse(typer.main.get_command(_APPS[module]), words)
    elif module == "tools":
        tools_parser().parse_args(words)
    else:
        assert importlib.util.find_spec(module), module


@each_page
def test_commands_of_a_group_are_in_it(page: Path) -> None:
    groups = {
        name: found.commands
        for name, found in typer.main.get_command(program).commands.items()  # type: ignore[attr-defined]
        if hasattr(found, "commands")
    }
    named = re.findall(rf"`({'|'.join(groups)}) ([a-z][a-z-]*)", page.read_text())
    assert [f"{group} {name}" for group, name in named if name not in groups[group]] == []


@pytest.mark.parametrize("command", _of("make"), ids=str)
def test_make_targets_and_variables_exist(command: Command) -> None:
    text = (REPOSITORY / "Makefile").read_text()
    for word in command.words[1:]:
        name, given, _ = word.partition("=")
        assert re.search(rf"^{name} \?=" if given else rf"^{name}:", text, re.MULTILINE), word


@pytest.mark.parametrize("command", _of("pulumi"), ids=str)
def test_pulumi_takes_the_flags(command: Command) -> None:
    assert unknown_flags(command.words[1:]) == []


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_no_two_headings_have_one_anchor(page: Path) -> None:
    assert len(anchors(page)) == len(headings(page))


def test_every_page_is_in_the_index() -> None:
    index = REPOSITORY / "docs" / "README.md"
    listed = {link.partition("#")[0] for link in links(index)}
    assert {page.name for page in PAGES if page.parent == index.parent} - listed == {index.name}


def _snippets() -> Iterator[Any]:
    for page in PAGES:
        for number, snippet in enumerate(snippets(page), start=1):
            yield pytest.param(snippet, id=f"{page.stem}-{number}")


@pytest.mark.parametrize("snippet", list(_snippets()))
def test_snippets_are_parts_of_a_valid_stack_file(snippet: dict[str, Any]) -> None:
    good = fast_yaml.load((REPOSITORY / "tests" / "bad_stacks" / "good.yaml").read_text())["config"]
    whole = {key.removeprefix("panda-infra:"): value for key, value in good.items()}
    if isinstance(snippet.get("components"), dict):
        snippet = snippet | {"components": merged(whole["components"], snippet["components"])}
    written: dict[str, Any] = json.loads(json.dumps(_hidden(whole | snippet), default=str))
    _, findings = validated(written, stack="demo")
    assert [finding.problem for finding in findings] == []


def _hidden(value: Any) -> Any:
    """As the loader reads a stack file: what is encrypted is set, its value unknown."""
    if isinstance(value, dict):
        return (
            ENCRYPTED if value.keys() == {"secure"} else {key: _hidden(item) for key, item in value.items()}
        )
    return [_hidden(item) for item in value] if isinstance(value, list) else value


@each_page
def test_keys_in_the_text_exist(page: Path) -> None:
    assert [key for key in keys(page, _SECTIONS) if not _known_keys().fullmatch(key)] == []


@cache
def _known_keys() -> re.Pattern[str]:
    # `secrets set` takes keys without their section, and names of files with their dots.
    paths = {path.removeprefix("secrets.") for path in key_paths()} | key_paths()
    return re.compile("|".join(re.escape(path).replace("NAME", ".+") for path in paths))


def _examples() -> list[Command]:
    """Of the reference of commands, which leaves their beginning out."""
    page = REPOSITORY / "docs" / "commands.md"
    names = every_command()
    reported = [shlex.split(text) for text in inline_code(page)]
    found = [words for words in reported if names & {" ".join(words[:1]), " ".join(words[:2])}]
    return [Command(page.name, shlex.join(words), tuple(words)) for words in found]


@pytest.mark.parametrize("command", _examples(), ids=str)
def test_examples_in_the_help_parse(command: Command) -> None:
    parse(typer.main.get_command(program), list(command.words))


def test_every_command_has_an_example() -> None:
    shown = {" ".join(command.words) for command in _examples()}
    assert {name for name in every_command() if not any(text.startswith(name) for text in shown)} == set()
