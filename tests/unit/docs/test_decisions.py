"""Decision records are listed, complete, and behind each choice of docs/architecture.md."""

from __future__ import annotations

import re

import pytest

from tools import REPOSITORY

_FOLDER = REPOSITORY / "docs" / "decisions"
_RECORDS = sorted(_FOLDER.glob("0*.md"))
_PARTS = ["Context", "Decision", "Consequences", "What would end it"]


def test_the_list_has_each_record_by_its_title() -> None:
    listed = re.findall(
        r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \|$", (_FOLDER / "README.md").read_text(), re.MULTILINE
    )
    titles = [file.read_text().partition("\n")[0].removeprefix("# ") for file in _RECORDS]
    found = [(file.name[:4], file.name, title) for file, title in zip(_RECORDS, titles, strict=True)]
    assert listed == found


@pytest.mark.parametrize("file", _RECORDS, ids=lambda file: str(file.stem))
def test_a_record_has_every_part(file: str) -> None:
    text = (_FOLDER / file).read_text()
    assert re.search(r"^Status: (accepted|\d{4})", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == _PARTS


def test_each_choice_of_the_architecture_has_a_record() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text()
    choices = text.partition("\n## Choices\n")[2].partition("\n## ")[0]
    items = re.split(r"^- ", choices, flags=re.MULTILINE)[1:]
    assert items
    assert [item for item in items if not re.search(r"\]\(decisions/\d{4}-\S+\.md\)", item)] == []
