"""The commands of the pages that a test runs: taken from the page, so that page and test cannot drift apart."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tests.support.pages import DOCS, PAGES, Command, command_of, commands
from tools import REPOSITORY

__all__ = ["FOREIGN", "README", "TOURS", "WALKED", "declared", "documented", "runs_elsewhere"]

README = REPOSITORY / "README.md"
TOURS: Mapping[str, tuple[Path, ...]] = MappingProxyType(
    {
        "doma": (
            DOCS / "first-deployment-cern.md",
            DOCS / "rotate-a-secret.md",
            DOCS / "renew-a-certificate.md",
            DOCS / "add-a-component.md",
            DOCS / "scale.md",
            DOCS / "upgrade-a-chart.md",
        ),
        "mine": (DOCS / "first-deployment-own-cluster.md",),
        "alice": (DOCS / "develop.md",),
    }
)
"""Pages whose commands run one after the other, by the stack that they deploy, in an order in which one finds what it
needs of those before it."""

WALKED = (*(page for tour in TOURS.values() for page in tour), README)

FOREIGN: Mapping[str, str] = MappingProxyType(
    {"openstack ": "OpenStack's own client, of which nothing here depends; the program asks by the SDK"}
)
"""What no test runs, by the beginning of the command, and why."""

_AS_IT_STANDS: Mapping[str, str] = MappingProxyType({})
_MAKE = re.compile(r"\bmake((?: [a-z-]+)+)")


def documented(text: str, instead: Mapping[str, str] = _AS_IT_STANDS) -> Command:
    """A command of the pages, for the test that runs it.

    Args:
        text: as a page has it. It must be a literal: the pages' test looks for it in the tests' sources.
        instead: what the test has in place of something in the command, e.g. the name of its own stack.

    Raises:
        AssertionError: no page has it.
    """
    found = next((command for page in PAGES for command in commands(page) if command.text == text), None)
    assert found, f"no page has the command: {text}"
    for reported, own in instead.items():
        assert reported in text, f"{reported} is no part of: {text}"
        text = text.replace(reported, own)
    return command_of(found.page, text)


@cache
def declared() -> Mapping[str, Path]:
    """The commands that tests take from the pages, and the file that does."""
    files = sorted((REPOSITORY / "tests").rglob("*.py"))
    return {text: file for file in files for text in _literals(file)}


def _literals(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == documented.__name__
        ):
            first = node.args[0]
            assert isinstance(first, ast.Constant), f"{file}, line {node.lineno}: not a literal"
            yield str(first.value)


@cache
def _made_by_ci() -> frozenset[str]:
    """The targets of the Makefile that workflows make, with those that these need."""
    sources = [
        *(REPOSITORY / ".ci").iterdir(),
        *(REPOSITORY / ".github").rglob("*.yml"),
        REPOSITORY / ".gitlab-ci.yml",
    ]
    waiting = {
        target
        for source in sources
        for called in _MAKE.findall(_without_comments(source.read_text()))
        for target in called.split()
    }
    rules = dict(re.findall(r"^([a-z-]+):([a-z -]*)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    made: set[str] = set()
    while waiting:
        target = waiting.pop()
        made.add(target)
        waiting |= set(rules[target].split()) - made
    return frozenset(made)


def runs_elsewhere(command: Command) -> bool:
    """Whether the walk leaves it out: a test takes it from its page, CI itself runs it, or nothing of it is ours."""
    program, *targets = command.words
    return (
        command.text in declared()
        or (program == "make" and _made_by_ci().issuperset(targets))
        or command.text.startswith(tuple(FOREIGN))
    )


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*", "", text, flags=re.MULTILINE)
