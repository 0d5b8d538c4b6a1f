"""Every number of a known defect that the code cites is a row of docs/deviations.md."""

from __future__ import annotations

import re

from tools import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "deviations.md").read_text(encoding="utf-8")
_CODE = ("panda_infra", "testbed", "tools", "policy", "bench", "tests")
_CITED = re.compile(r"\b[TC][1-9]\d?\b")
# A row is about one defect, about several (`C43, C44`), or about a range of them (`C9 to C12`).
_ROW = re.compile(r"^\| ([TC]\d+(?:(?:, | to )[TC]\d+)*) \|", re.MULTILINE)
_RANGE = re.compile(r"([TC])(\d+) to [TC](\d+)")


def test_every_cited_defect_is_explained_once() -> None:
    files = [
        file
        for folder in _CODE
        for ending in ("py", "yaml")
        for file in (REPOSITORY / folder).rglob(f"*.{ending}")
    ]
    cited = {number for file in files for number in _CITED.findall(file.read_text(encoding="utf-8"))}
    rows = [number for row in _ROW.findall(_PAGE) for number in _numbers(row)]
    assert cited
    assert cited - set(rows) == set()
    assert len(rows) == len(set(rows))


def _numbers(row: str) -> list[str]:
    if match := _RANGE.fullmatch(row):
        return [f"{match[1]}{number}" for number in range(int(match[2]), int(match[3]) + 1)]
    return row.split(", ")
