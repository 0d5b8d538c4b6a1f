"""CRIC's lists as files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from panda_infra.secrets import build
from panda_infra.secrets.cric import MANDATORY, OPTIONAL, check_folder
from tests.unit.secrets.stacks import config

SAMPLE = Path("cric_jsons")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "cric"))


def told(folder: Path) -> list[str]:
    return [f"{Path(problem.where).name}: {problem.what}" for problem in check_folder(folder)]


def test_the_sample_is_good_and_becomes_the_secret() -> None:
    assert check_folder(SAMPLE) == []
    data = build(config())["cric-jsons"].data
    assert set(data) == {*MANDATORY, *OPTIONAL}
    assert data["sites.json"] == (SAMPLE / "sites.json").read_bytes()


@pytest.mark.parametrize("name", MANDATORY)
def test_a_mandatory_file_must_be_there(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert told(folder) == [f"{name}: is missing, and PanDA does not run without it"]


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_file_may_be_absent(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert told(folder) == []


def test_a_folder_must_exist(tmp_path: Path) -> None:
    assert "there is no folder" in check_folder(tmp_path / "nowhere")[0].what


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON, line 1"),
        ("[]", "must be one JSON object that maps names to entries"),
        ("{}", "has no entries"),
        (json.dumps({"A": {"name": "A"}}), "1 of 1 entries lack the field rc_site, first A"),
        (json.dumps({"A": 1}), "1 of 1 entries lack the field name, first A"),
        ("\0", "is no JSON, line 1"),
    ],
)
def test_a_file_has_the_shape_that_panda_reads(folder: Path, content: str, words: str) -> None:
    (folder / "sites.json").write_text(content)
    assert f"sites.json: {words}" in told(folder)


def test_a_file_of_another_name_is_a_slip(folder: Path) -> None:
    (folder / "panda_queue.json").write_text("{}")
    assert told(folder)[0].startswith("panda_queue.json: is none of CRIC's lists")


def test_all_together_fit_into_a_secret(folder: Path) -> None:
    entries: dict[str, Any] = {f"S{i}": {"name": "x" * 1000, "rc_site": "y"} for i in range(1100)}
    (folder / "sites.json").write_text(json.dumps(entries))
    assert "more than the 1048576 of one Kubernetes Secret" in told(folder)[0]
