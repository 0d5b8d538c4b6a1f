"""The rules over the files of both stacks of a pair."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.config.load import from_file
from panda_infra.errors import StackError
from panda_infra.stacks.project import Project
from tests.support.stacks import sections
from tests.unit.plan.test_postgres import BACKUP
from tests.unit.plan.test_postgres import sections as operated


def write(folder: Path, name: str, standby: dict[str, Any] | None, **more: Any) -> None:
    own = {**sections(), **operated({"idds": {"size": "1Gi"}}, BACKUP), **more}
    own["components"] = {part: own["components"][part] for part in ("msgsvc", "idds")}
    document = own | ({"standby": standby} if standby else {})
    named = {f"panda-infra:{key}": value for key, value in document.items()}
    (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": named}))


def problems(folder: Path, name: str) -> dict[str, str]:
    try:
        Project(folder).judge(name)
    except StackError as error:
        return {
            each.where: f"{each.what} {each.fix}"
            for each in error.problems
            if each.where.startswith("standby")
        }
    return {}


def both(folder: Path, **changed: Any) -> None:
    pair = {"of": "a", "by": "b"}
    write(folder, "a", pair)
    write(folder, "b", {**pair, **changed})


def test_a_pair_that_agrees_is_good(tmp_path: Path) -> None:
    both(tmp_path)
    assert from_file(tmp_path / "Pulumi.a.yaml").config.standby
    assert problems(tmp_path, "a") == problems(tmp_path, "b") == {}


@pytest.mark.parametrize(
    ("changed", "key"),
    [({"of": "b", "by": "a"}, "of"), ({"term": 2}, "term"), ({"fenced": 1}, "fenced")],
)
def test_both_files_name_the_same_active_stack(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    both(tmp_path, **changed)
    found = problems(tmp_path, "a")
    assert list(found) == [f"standby.{key}"]
    assert "differs from Pulumi.b.yaml: of a, by b, term 1, fenced 0 here" in found[f"standby.{key}"]
    assert problems(tmp_path, "b").keys() >= found.keys()


def test_the_other_stack_has_a_file_with_the_section(tmp_path: Path) -> None:
    pair = {"of": "a", "by": "b"}
    write(tmp_path, "a", pair)
    assert "names stack b, which has no file Pulumi.b.yaml here" in problems(tmp_path, "a")["standby"]
    write(tmp_path, "b", None)
    assert "no section there" in problems(tmp_path, "a")["standby.of"]
    (tmp_path / "Pulumi.b.yaml").write_text("config: [")
    assert problems(tmp_path, "a") == {}


def test_a_stack_is_one_of_its_pair(tmp_path: Path) -> None:
    write(tmp_path, "c", {"of": "a", "by": "b"})
    assert "names a and b, not c and another stack" in problems(tmp_path, "c")["standby"]


def test_the_databases_have_an_archive(tmp_path: Path) -> None:
    both(tmp_path)
    write(tmp_path, "a", {"of": "a", "by": "b"}, postgres=operated({"idds": {"size": "1Gi"}})["postgres"])
    with pytest.raises(StackError, match="the databases of the other stack follow by the archive"):
        Project(tmp_path).judge("a")


def test_a_database_is_promoted_with_its_token(tmp_path: Path) -> None:
    pair = {"of": "b", "by": "a", "term": 2}
    write(tmp_path, "a", pair)
    write(tmp_path, "b", {**pair, "tokens": {"idds": ""}})
    assert problems(tmp_path, "a") == {}
    assert "failover a --to b" in problems(tmp_path, "b")["standby.tokens.idds"]
    write(tmp_path, "b", {**pair, "tokens": {"idds": "eyJ9"}})
    assert problems(tmp_path, "b") == {}
    for name in ("a", "b"):
        write(tmp_path, name, {**pair, "fenced": 2})
    assert problems(tmp_path, "b") == {}


def test_nobody_confirms_roles_that_are_still_to_come(tmp_path: Path) -> None:
    """The number would stand there when the roles have it, and databases would be promoted without a token."""
    for name in ("a", "b"):
        write(tmp_path, name, {"of": "a", "by": "b", "fenced": 2})
    found = problems(tmp_path, "a")
    assert list(found) == ["standby.fenced"]
    assert "is 2, but the present roles have the number 1" in found["standby.fenced"]


def test_an_archive_is_of_databases(tmp_path: Path) -> None:
    other = {"endpoint": "https://s3.site.org", "bucket": "other"}
    write(tmp_path, "b", {"of": "a", "by": "b"})
    write(tmp_path, "a", {"of": "a", "by": "b", "archive": other})
    assert problems(tmp_path, "a") == {}
    write(tmp_path, "a", {"of": "a", "by": "b", "archive": other}, postgres={})
    assert "no database of this stack follows an archive" in problems(tmp_path, "a")["standby.archive"]
