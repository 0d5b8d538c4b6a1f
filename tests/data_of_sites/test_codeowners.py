"""CODEOWNERS names files that exist, of the program and of sites."""

from __future__ import annotations

import pytest

from tools import REPOSITORY

_PATTERNS = [
    line.split()[0].removeprefix("/")
    for line in (REPOSITORY / "CODEOWNERS").read_text().splitlines()
    if line.startswith("/")
]


@pytest.mark.parametrize("pattern", _PATTERNS)
def test_a_pattern_matches_what_it_is_written_for(pattern: str) -> None:
    # The pattern of a folder ends with a slash, that of a file does not.
    assert [path for path in REPOSITORY.glob(pattern) if path.is_dir() == pattern.endswith("/")]
