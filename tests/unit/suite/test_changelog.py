"""CHANGELOG.md has a section for each release, and one for what the next release will have."""

from __future__ import annotations

import re
import subprocess

import pytest

from tools import REPOSITORY

_HEADINGS = re.findall(r"^(##+) (.*)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
_SECTIONS = [text for marks, text in _HEADINGS if marks == "##"]
_RELEASE = re.compile(r"(\d+)\.(\d+)\.(\d+) \(\d{4}-\d\d-\d\d\)")


def test_the_newest_section_is_that_of_the_next_release() -> None:
    assert _SECTIONS[0] == "Unreleased"


def test_the_others_are_releases_the_newest_first() -> None:
    found = [_RELEASE.fullmatch(text) for text in _SECTIONS[1:]]
    assert [text for text, match in zip(_SECTIONS[1:], found, strict=True) if match is None] == []
    versions = [tuple(map(int, match.groups())) for match in found if match]
    assert versions == sorted(set(versions), reverse=True)


def test_changes_are_sorted_by_kind() -> None:
    kinds = {text for marks, text in _HEADINGS if marks == "###"}
    assert kinds <= {"Added", "Changed", "Fixed", "Removed"}


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="this copy of the repository has no history")
def test_each_tag_of_a_release_has_its_section() -> None:
    command = ("git", "tag", "--list", "v[0-9]*")
    tags = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split()
    assert {tag.removeprefix("v") for tag in tags} <= {text.partition(" ")[0] for text in _SECTIONS}
