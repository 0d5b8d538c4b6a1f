"""The rule over the places of backups in the files of several stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.errors import StackError
from panda_infra.stacks.project import Project
from tests.support.stacks import sections

_BUCKET = {"endpoint": "https://s3.site.org", "bucket": "backups"}
_KEYS = ("backup.to.folder", "postgres.backup.folder", "mariadb.backup.folder")


def write(folder: Path, name: str, **own: Any) -> None:
    named = {f"panda-infra:{key}": value for key, value in (sections() | own).items()}
    (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": named}))


def dumps(**more: Any) -> dict[str, Any]:
    return {"backup": {"to": {"kind": "s3", **_BUCKET, **more}}}


def archive(**more: Any) -> dict[str, Any]:
    databases = {"idds": {"size": "1Gi"}}
    return {"postgres": {"operator": "cnpg", "databases": databases, "backup": {**_BUCKET, **more}}}


def changes(**more: Any) -> dict[str, Any]:
    databases = {"harvester": {"size": "1Gi"}}
    return {
        "mariadb": {"operator": "mariadb-operator", "databases": databases, "backup": {**_BUCKET, **more}}
    }


def problems(folder: Path, name: str) -> dict[str, str]:
    try:
        Project(folder).judge(name)
    except StackError as error:
        return {each.where: each.what for each in error.problems if each.where in _KEYS}
    return {}


@pytest.mark.parametrize("section", [dumps, archive, changes])
def test_two_stacks_have_no_folder_together(tmp_path: Path, section: Any) -> None:
    write(tmp_path, "one", **section(folder="sites/desy"))
    write(tmp_path, "two", **section(folder="sites/desy", endpoint="https://s3.site.org/"))
    (found,) = problems(tmp_path, "one").values()
    assert "is that of stack two too" in found
    (found,) = problems(tmp_path, "two").values()
    assert "is that of stack one too" in found


def test_a_folder_may_not_be_the_name_of_another_stack(tmp_path: Path) -> None:
    write(tmp_path, "one", **dumps(folder="two"))
    write(tmp_path, "two", **dumps())
    assert list(problems(tmp_path, "one")) == ["backup.to.folder"]
    # That one has done nothing wrong.
    assert problems(tmp_path, "two") == {}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(dumps(), id="by its name"),
        pytest.param(dumps(folder="there"), id="another folder"),
        pytest.param(dumps(folder="here", bucket="others"), id="another bucket"),
        pytest.param(dumps(folder="here", endpoint="https://s3.cern.ch"), id="another server"),
        pytest.param(archive(folder="here"), id="an archive, which has other names"),
        pytest.param({"backup": {"to": {"kind": "claim", "size": "1Gi"}}}, id="a claim"),
        pytest.param({}, id="none"),
        pytest.param({"backup": 7}, id="a file that cannot be read"),
    ],
)
def test_what_is_apart_is_good(tmp_path: Path, other: dict[str, Any]) -> None:
    write(tmp_path, "one", **dumps(folder="here"))
    write(tmp_path, "two", **other)
    assert problems(tmp_path, "one") == {}
