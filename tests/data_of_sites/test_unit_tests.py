"""What sites deploy is data: whatever they write into their stack files, the tests of the program pass."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import fast_yaml
from tools import REPOSITORY

pytestmark = pytest.mark.long

_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".cache", "__pycache__", ".*_cache", ".hypothesis")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of this repository, with its virtualenv."""
    folder = tmp_path / "copy"
    shutil.copytree(REPOSITORY, folder, symlinks=True, ignore=_NOT_COPIED)
    (folder / ".venv").symlink_to(REPOSITORY / ".venv")
    return folder


def _edited(file: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    document = fast_yaml.load(file.read_text())
    edit(document)
    file.write_text(fast_yaml.dump(document))


def _other_values(folder: Path) -> None:
    """Other pods, nodes, hosts and charts, a stack and a site more, a stack less."""
    section = "panda-infra:components"
    _edited(folder / "sites/slac.yaml", lambda site: site["components"]["panda"]["jedi"].update(replicas=3))
    _edited(folder / "sites/cern.yaml", lambda site: site["cluster"].update(nodeCount=7))
    _edited(
        folder / "Pulumi.doma.yaml", lambda it: it["config"]["panda-infra:hosts"].update(panda="p.cern.ch")
    )
    _edited(
        folder / "Pulumi.lsst.yaml",
        lambda it: it["config"][section]["panda"].update(chart={"version": "9.9.9"}),
    )
    _edited(folder / "Pulumi.local.yaml", lambda it: it["config"][section].pop("ui"))
    shutil.copy(folder / "Pulumi.lsst.yaml", folder / "Pulumi.new.yaml")
    shutil.copy(folder / "sites/slac.yaml", folder / "sites/new.yaml")
    (folder / "Pulumi.sphenix.yaml").unlink()


def _nothing(folder: Path) -> None:
    """No stack and no site."""
    for file in folder.glob("Pulumi.*.yaml"):
        file.unlink()
    shutil.rmtree(folder / "sites")
    for file in (folder / "docs" / "stacks").glob("*.md"):
        if file.name != "README.md":
            file.unlink()


@pytest.mark.parametrize("change", [_other_values, _nothing])
def test_no_edit_of_a_site_breaks_a_test_of_the_program(copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)
    words = ("tests/unit", "-m", "not long", "--numprocesses", "2", "--dist", "loadfile", "--quiet")
    ran = subprocess.run(
        [".venv/bin/python", "-m", "pytest", *words], cwd=copy, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-20_000:]
    assert re.search(r"^[1-9]\d{3,} passed", ran.stdout, re.MULTILINE)
