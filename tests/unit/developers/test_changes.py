"""A later `dev up` changes a stack's file in place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from panda_infra.config.load import from_file
from panda_infra.developers import changes
from panda_infra.developers.request import Charts, NewImage
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.edit import apply

_TEXT = """\
# Of alice.
config:
  panda-infra:experiment: local
  panda-infra:cluster: {kind: existing, kubeconfig: kubeconfig}
  panda-infra:storage: {class: standard}
  panda-infra:components:
    msgsvc: {}
    panda:
      server:
        image: {tag: old}  # of the parent
  panda-infra:lifecycle: {protect: false, expires: '2099-01-01'}
"""
_IMAGE = NewImage("panda", "server", "ghcr.io/me/panda-server", "1.0")
_CHARTS = Charts("https://github.com/me/x.git", "1" * 40, "my-feature")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "Pulumi.dev-alice.yaml"
    found.write_text(_TEXT)
    return found


def test_nothing_asked_changes_nothing(file: Path) -> None:
    assert apply(file, changes.wanted(from_file(file), [], None, None)) == []
    assert file.read_text() == _TEXT


def test_an_image_charts_and_a_last_day(file: Path) -> None:
    asked = changes.wanted(from_file(file), [_IMAGE], _CHARTS, date(2099, 6, 1))
    assert ("charts", "revision") in apply(file, asked)
    config = from_file(file).config
    panda = config.components.deployed()["panda"]
    assert panda.model_dump(exclude_none=True)["server"]["image"] == {
        "repository": "ghcr.io/me/panda-server",
        "tag": "1.0",
    }
    assert config.charts.model_dump() == {
        "kind": "git",
        "url": "https://github.com/me/x.git",
        "revision": "1" * 40,
        "branch": "my-feature",
        "path": "helm",
    }
    assert config.lifecycle.expires == "2099-06-01"
    assert "# of the parent" in file.read_text()
    assert apply(file, changes.wanted(from_file(file), [_IMAGE], _CHARTS, None)) == []


def test_a_followed_branch_moves_to_its_newest_commit(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(file, changes.wanted(from_file(file), [], _CHARTS, None))
    monkeypatch.setattr(changes, "newest", lambda url, branch: "2" * 40 if branch == "my-feature" else url)
    moved = apply(file, changes.wanted(from_file(file), [], None, None))
    assert moved == [("charts", "revision")]
    assert from_file(file).config.charts.model_dump()["revision"] == "2" * 40


def test_what_does_not_fit_is_refused(file: Path) -> None:
    with pytest.raises(
        PandaInfraError, match=r"the stack has no ui; add it to `components` in Pulumi\.dev-alice\.yaml"
    ):
        changes.wanted(from_file(file), [NewImage("ui", "frontend", "a/b")], None, None)


@pytest.mark.parametrize(
    "section",
    [
        "  panda-infra:charts: {kind: folder, path: charts}\n",
        "  panda-infra:charts:\n    kind: oci\n    repository: oci://ghcr.io/them/charts\n",
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_charts_of_another_kind_are_replaced(file: Path, section: str, last: bool) -> None:
    file.write_text(_TEXT + section if last else _TEXT.replace("config:\n", f"config:\n{section}"))
    apply(file, changes.wanted(from_file(file), [], _CHARTS, None))
    assert from_file(file).config.charts.model_dump()["branch"] == "my-feature"
    kept = [line for line in _TEXT.splitlines() if line not in file.read_text().splitlines()]
    assert kept == []
