"""Text files keep to .editorconfig, whatever editor wrote them."""

from __future__ import annotations

import re
import subprocess

import pytest

from tools import REPOSITORY

# What sites write, and a picture, which is as the program writes it that draws it.
_NOT_OURS = re.compile(r"Pulumi\.[^/]+\.yaml|sites/|docs/stacks/|.+\.svg")

pytestmark = pytest.mark.skipif(
    not (REPOSITORY / ".git").exists(), reason="this copy of the repository has no list of its files"
)


def test_lines_end_as_they_must() -> None:
    command = ("git", "ls-files", "-z")
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()]
    assert names
    texts = {name: (REPOSITORY / name).read_bytes() for name in names if not _NOT_OURS.match(name)}
    wrong = [
        name
        for name, text in texts.items()
        if (text and not text.endswith(b"\n"))
        or any(line != line.rstrip() for line in text.removesuffix(b"\n").split(b"\n"))
    ]
    assert wrong == []
