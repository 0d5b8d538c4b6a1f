"""Whether a command line is one that its program takes, without running it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Any

from tools import toolchain

__all__ = ["parse", "unknown_flags"]

_NESTED = frozenset({"stack", "config", "state"})


def parse(found: Any, words: Sequence[str]) -> None:
    """Parse the words after a program's name; what its own parser refuses is raised.

    A command may stand by its name alone, as in the text of a page.
    """
    waiting = list(words)
    while hasattr(found, "commands"):
        if not waiting:
            return
        if waiting[0].startswith("-"):
            assert waiting[0] in {"--help", *(name for option in found.params for name in option.opts)}
            return
        found = found.commands[waiting.pop(0)]
    if waiting:
        found.make_context(found.name, waiting)


def unknown_flags(words: Sequence[str]) -> list[str]:
    """The flags among the words after ``pulumi`` that the CLI does not take there."""
    length = 2 if words[0] in _NESTED and len(words) > 1 and not words[1].startswith("-") else 1
    known = _help(tuple(words[:length]))
    flags = [word.partition("=")[0] for word in words[length:] if word.startswith("-")]
    return [flag for flag in flags if not re.search(rf"(^|\s){re.escape(flag)}\b", known, re.MULTILINE)]


@cache
def _help(path: tuple[str, ...]) -> str:
    # Plans of updates are hidden without it.
    environment = toolchain.ensure(("pulumi",)).environment() | {"PULUMI_EXPERIMENTAL": "true"}
    done = subprocess.run(
        ["pulumi", *path, "--help"], env=environment, capture_output=True, text=True, check=True
    )
    # For a name that it does not know it shows the help of what is above.
    usage = done.stdout.partition("Usage:")[2].split("\n\n")[0]
    assert len(path) == 1 or "[command]" not in usage, f"there is no pulumi {' '.join(path)}"
    return done.stdout
