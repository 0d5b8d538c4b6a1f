"""The Markdown pages of this repository: their commands, snippets, links and anchors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from panda_infra.reference.markdown import slug
from tests.support import fast_yaml
from tools import REPOSITORY

__all__ = [
    "DOCS",
    "PAGES",
    "PROGRAMS",
    "Command",
    "anchors",
    "command_of",
    "commands",
    "headings",
    "inline_code",
    "inline_commands",
    "keys",
    "links",
    "snippets",
]

DOCS = REPOSITORY / "docs"
PAGES = (*sorted(REPOSITORY.glob("*.md")), *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("decisions/*.md")))
PROGRAMS = (
    "python",
    "make",
    "pulumi",
    "helm",
    "kubectl",
    "openstack",
    "git",
    "export",
    "eval",
    ".",
    "rm",
    "shred",
    "openssl",
    "cosign",
)
"""What the commands of the pages begin with."""

_ASSIGNMENT = re.compile(r"[A-Z_]+=\S*$")


@dataclass(frozen=True)
class Command:
    """A command line of a page: ``text`` as a shell gets it, ``words`` without comments and assignments before it."""

    page: str
    text: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows the program: its name, or ``python -m`` and the module."""
        return self.words[3:] if self.words[:2] == ("python", "-m") else self.words[1:]


@cache
def _tokens(page: Path) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")))


def _blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Each block of code: its language, or what an indented one holds, and its text."""
    for token in _tokens(page):
        if token.type == "fence":
            yield token.info.strip(), token.content
        elif token.type == "code_block":
            # Indented blocks that follow each other are one to Markdown.
            for text in re.split(r"\n\n+", token.content):
                yield _language(text), text


def _language(text: str) -> str:
    first = text.split(maxsplit=1)[0]
    return "sh" if first in PROGRAMS else "yaml" if first.startswith("panda-infra:") else ""


def commands(page: Path) -> list[Command]:
    """The commands in a page's blocks of code, in order."""
    found = []
    for language, text in _blocks(page):
        for line in text.replace("\\\n", " ").splitlines() if language == "sh" else ():
            command = command_of(page.name, line)
            if command.words:
                found.append(command)
    return found


def command_of(page: str, line: str) -> Command:
    """The command that a line holds; one without words when there is none."""
    words = shlex.split(line, comments=True)
    while words and _ASSIGNMENT.match(words[0]):
        words.pop(0)
    return Command(page, line.partition("  #")[0].strip(), tuple(words))


def inline_commands(page: Path) -> list[Command]:
    """The whole commands among the words in code of a page's text."""
    return [
        Command(page.name, text, tuple(shlex.split(text)))
        for text in inline_code(page)
        if re.match(r"(python -m|make|pulumi) [a-z]", text) and "..." not in text
    ]


def snippets(page: Path) -> list[dict[str, Any]]:
    """The parts of stack files in a page: sections by their names, without the namespace."""
    found = []
    for language, text in _blocks(page):
        if language == "yaml":
            document = fast_yaml.load(text)
            sections = document.get("config", document)
            found.append({key.removeprefix("panda-infra:"): value for key, value in sections.items()})
    return found


def keys(page: Path, sections: frozenset[str]) -> list[str]:
    """What is spelled in a page's text like a key of a stack file, by the section that it begins with."""
    return [
        text
        for text in inline_code(page)
        if re.fullmatch(r"\w+(\.[\w-]+)+", text) and text.split(".")[0] in sections
    ]


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures that lie in this repository."""
    targets = [
        str(child.attrs.get("href") or child.attrs.get("src"))
        for token in _tokens(page)
        for child in token.children or ()
        if child.type in ("link_open", "image")
    ]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def headings(page: Path) -> list[str]:
    """The texts of a page's headings, as they are read."""
    tokens = _tokens(page)
    return [
        "".join(child.content for child in following.children or ())
        for token, following in pairwise(tokens)
        if token.type == "heading_open"
    ]


def anchors(page: Path) -> set[str]:
    """What may stand behind # in a link to the page."""
    return set(map(slug, headings(page)))


def inline_code(page: Path) -> list[str]:
    """What stands in code among a page's words."""
    return [
        child.content
        for token in _tokens(page)
        for child in token.children or ()
        if child.type == "code_inline"
    ]
