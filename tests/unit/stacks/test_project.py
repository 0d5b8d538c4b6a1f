"""The project folder and its stack files."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.errors import PandaInfraError
from panda_infra.stacks.project import Project, find_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: panda-infra\n")
    for name in ("Pulumi.doma.yaml", "Pulumi.lsst-prod.yaml", "Pulumi.notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_stacks_are_those_with_a_file(folder: Path) -> None:
    assert Project(folder).stacks == ("doma", "lsst-prod")


def test_a_project_is_found_from_below(folder: Path) -> None:
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below).folder == folder


def test_another_project_is_none(folder: Path) -> None:
    (folder / "Pulumi.yaml").write_text("name: something-else\n")
    with pytest.raises(PandaInfraError, match="does not lie in a checkout"):
        find_project(folder)


def test_a_stack_without_file_is_reported_with_the_nearest(folder: Path) -> None:
    with pytest.raises(PandaInfraError, match="did you mean doma"):
        Project(folder).file("dooma")


@pytest.mark.parametrize("name", ["", "../x", "a b", "x" * 101])
def test_a_name_that_no_stack_can_have_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(PandaInfraError, match="cannot be a stack's name"):
        Project(folder).new_file(name)
