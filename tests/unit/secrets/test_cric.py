"""CRIC's lists as files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from panda_infra.products.content import UnreadableContentError
from panda_infra.products.panda.context import Context
from panda_infra.products.panda.cric_lists import (
    MANDATORY,
    OPTIONAL,
    TAGS,
    check_folder,
    jsons,
)
from panda_infra.products.panda.cric_readers import NEEDED
from panda_infra.secrets.build import build
from tests.unit.secrets.stacks import config

SAMPLE = Path("cric_jsons")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "cric"))


def reported(folder: Path) -> list[str]:
    return [f"{Path(problem.where).name}: {problem.what}" for problem in check_folder(folder)]


def test_the_sample_is_good_and_becomes_the_secret() -> None:
    assert check_folder(SAMPLE) == []
    data = build(config())["cric-jsons"].data
    assert set(data) == {*MANDATORY, *OPTIONAL}
    assert data["sites.json"] == (SAMPLE / "sites.json").read_bytes()


def test_software_tags_are_made_for_every_queue_unless_the_site_has_them(folder: Path) -> None:
    stack = config(cric={"folder": str(folder)})
    made = json.loads(build(stack)["cric-jsons"].data[TAGS])
    assert set(made) == set(json.loads((folder / "panda_queues.json").read_text()))
    assert all(entry["cvmfs"] == entry["containers"] == ["any"] for entry in made.values())
    (folder / TAGS).write_text('{"Q": {}}')
    assert build(stack)["cric-jsons"].data[TAGS] == b'{"Q": {}}'
    assert reported(folder) == []


@pytest.mark.parametrize("name", MANDATORY)
def test_a_mandatory_file_must_be_there(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert reported(folder) == [f"{name}: is missing, and PanDA does not run without it"]


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_file_may_be_absent(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    assert reported(folder) == []


def test_a_folder_must_exist(tmp_path: Path) -> None:
    assert "there is no folder" in check_folder(tmp_path / "nowhere")[0].what


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON, line 1"),
        ("[]", "must be one JSON object that maps names to entries"),
        ("{}", "has no entries"),
        (json.dumps({"A": {"name": "A"}}), "the field rc_site is missing in 1 of 1 entries, first A"),
        (json.dumps({"A": 1}), "the field name is missing in 1 of 1 entries, first A"),
        ("\0", "is no JSON, line 1"),
    ],
)
def test_a_file_has_the_shape_that_panda_reads(folder: Path, content: str, words: str) -> None:
    (folder / "sites.json").write_text(content)
    assert f"sites.json: {words}" in reported(folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"A": {}}'.encode("utf-16"), "is not UTF-8 (at byte 0)"),
        (b'\xef\xbb\xbf{"A": {}}', "starts with a byte order mark"),
        (b'{"A": {"name": "\xe4"}}', "is not UTF-8 (at byte 16)"),
        (b'{"A": {"tier_level": NaN}}', "contains NaN, which is no JSON"),
        (b'{"A": {"tier_level": -Infinity}}', "contains -Infinity, which is no JSON"),
        (b'{"A": {}, "A": {}}', "contains 'A' 2 times in one place"),
        (b'{"A": {"name": "x", "name": "y"}}', "contains 'name' 2 times in one place"),
        (b'{"A": {"name": "\\u0000"}}', "contains a NUL character"),
        (b'{"A": {"name": "\\ud800"}}', "contains a NUL character or half of a character"),
    ],
)
def test_a_file_is_read_as_its_readers_read_it(folder: Path, content: bytes, words: str) -> None:
    (folder / "sites.json").write_bytes(content)
    assert any(line.startswith(f"sites.json: {words}") for line in reported(folder))


_FIELDS = [(name, field) for name, fields in NEEDED.items() for field in fields]


@pytest.mark.parametrize(("name", "field"), _FIELDS)
def test_every_field_that_a_reader_needs_is_asked_for(folder: Path, name: str, field: str) -> None:
    entries = json.loads((folder / name).read_text())
    *parents, last = field.split(".")
    for entry in _at(entries, ["*", *parents]):
        del entry[last]
    (folder / name).write_text(json.dumps(entries))
    assert reported(folder)[0].startswith(f"{name}: the field {field} is missing in 1 of 1 entries, first ")


@pytest.mark.parametrize(("name", "field"), _FIELDS)
def test_every_field_has_the_type_that_its_reader_takes(folder: Path, name: str, field: str) -> None:
    entries = json.loads((folder / name).read_text())
    *parents, last = field.split(".")
    for entry in _at(entries, ["*", *parents]):
        entry[last] = 0.5
    (folder / name).write_text(json.dumps(entries))
    assert reported(folder)[0].startswith(f"{name}: {field} must be ")


def _at(value: Any, path: list[str]) -> list[Any]:
    if not path:
        return [value]
    items = value.values() if path[0] == "*" else [value[path[0]]]
    return [found for item in items for found in _at(item, path[1:])]


def test_the_readme_names_every_field() -> None:
    readme = (SAMPLE / "README.md").read_text()
    for name, fields in NEEDED.items():
        (row,) = [line for line in readme.splitlines() if line.startswith(f"| `{name}`")]
        leaves = [field for field in fields if not any(other.startswith(f"{field}.") for other in fields)]
        assert all(f"`{field}`" in row for field in leaves), name


def test_a_file_of_another_name_is_a_slip(folder: Path) -> None:
    (folder / "panda_queue.json").write_text("{}")
    assert reported(folder)[0].startswith("panda_queue.json: is none of CRIC's lists")


def test_all_together_fit_into_a_secret(folder: Path) -> None:
    (site,) = json.loads((folder / "sites.json").read_text()).values()
    entries: dict[str, Any] = {f"S{i}": site | {"name": "x" * 1000} for i in range(1100)}
    (folder / "sites.json").write_text(json.dumps(entries))
    assert "more than the 1048576 of one Kubernetes Secret" in reported(folder)[0]


def test_a_list_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "sites.json").symlink_to("/proc/self/mem")
    assert f"{tmp_path}/sites.json: cannot be read: Input/output error" in "\n".join(
        map(str, check_folder(tmp_path))
    )
    with pytest.raises(UnreadableContentError, match=r"sites\.json cannot be read"):
        jsons(Context(config(cric={"real": False, "folder": str(tmp_path)})))
