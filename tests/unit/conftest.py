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
_read_by_imports: set[str] = set()


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    # Without a mode it is os.open, which may count from another folder than the current one.
    if event == "open" and arguments[1] and isinstance(arguments[0], str | os.PathLike):
        path = os.path.abspath(arguments[0])  # noqa: PTH100 - resolving links would ask the file system each time
        if _DATA.fullmatch(path):
            _read.add(path)


sys.addaudithook(_note)


def pytest_collection_modifyitems() -> None:
    """By now every module of tests has been imported."""
    _read_by_imports.update(_read)


@pytest.fixture(autouse=True)
def _without_data_of_sites() -> Iterator[None]:
    """Fail a test that reads the repository's own stacks: whoever edits them must break no test."""
    _read.clear()
    yield
    assert sorted(_read | _read_by_imports) == [], "take samples from tests/samples instead"
