"""The table of packages in docs/architecture.md has each package once, and no other."""

from __future__ import annotations

import re

import panda_infra
from tools import REPOSITORY

_ROW = re.compile(r"^\| `panda_infra/(\w+)`(?:, `(\w+)`)? \|", re.MULTILINE)


def test_every_package_is_described_once() -> None:
    rows = _ROW.findall((REPOSITORY / "docs" / "architecture.md").read_text())
    described = [name for row in rows for name in row if name]
    (folder,) = panda_infra.__path__
    packages = [path.parent.name for path in (REPOSITORY / folder).glob("*/__init__.py")]
    assert sorted(described) == sorted(packages)
