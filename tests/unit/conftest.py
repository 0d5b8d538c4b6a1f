"""What sites write is no matter of these tests: those that need stacks have samples of their own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tools import REPOSITORY

_DATA = re.compile(rf"{re.escape(str(REPOSITORY))}/(Pulumi\.[^/]+\.yaml|sites/.+|docs/stacks/.+)")
_read: set[str] = set()


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    # Without a mode it is os.open, which may count from another folder than the current one.
    if event == "open" and arguments[1] and isinstance(arguments[0], str | os.PathLike):
        path = os.path.abspath(arguments[0])  # noqa: PTH100 - resolving links would ask the file system each time
        if _DATA.fullmatch(path):
            _read.add(path)


sys.addaudithook(_note)


@pytest.fixture(autouse=True)
def _without_data_of_sites() -> Iterator[None]:
    """Fail a test that reads the repository's own stacks: whoever edits them must break no test.

    What a module reads when it is imported fails the first test that runs.
    """
    yield
    found = sorted(_read)
    _read.clear()
    assert not found, "take samples from tests/samples instead"
