"""Every number of a known defect that the code cites is a row of docs/deviations.md."""

from __future__ import annotations

import re

from tools import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "deviations.md").read_text(encoding="utf-8")
_CODE = ("panda_infra", "testbed", "tools", "policy", "bench")
_CITED = re.compile(r"\bT\d{1,2}\b")
_ROW = re.compile(r"^\| (T\d+) \|", re.MULTILINE)


def test_every_cited_defect_is_explained_once() -> None:
    files = [file for folder in _CODE for file in (REPOSITORY / folder).rglob("*.py")]
    cited = {number for file in files for number in _CITED.findall(file.read_text(encoding="utf-8"))}
    rows = _ROW.findall(_PAGE)
    assert cited
    assert cited - set(rows) == set()
    assert len(rows) == len(set(rows))
