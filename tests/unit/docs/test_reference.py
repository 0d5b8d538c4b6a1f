"""The generated pages are current, and contain everything once."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import typer

from panda_infra.cli.app import PROGRAM, app
from panda_infra.reference.keys import sections
from panda_infra.reference.markdown import slug, table
from panda_infra.reference.pages import DOCS, PAGES
from tests.support.key_paths import key_paths
from tests.support.pages import headings
from tests.support.panda import COMPONENTS


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


def test_every_command_has_a_section() -> None:
    found = set(headings(DOCS / "commands.md"))
    top = typer.main.get_command(app)
    names = set()
    for name, command in top.commands.items():  # type: ignore[attr-defined]
        names |= {name, *(f"{name} {sub}" for sub in getattr(command, "commands", {}))}
    assert found == {f"{PROGRAM} {name}" for name in names} | {"Commands", PROGRAM}


def test_every_key_is_reported_with_its_meaning() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    for section in sections():
        assert section.meaning, section.model
        for key in section.keys:
            assert key.meaning, f"{section.paths[0]}.{key.name}"
            assert f"| `{key.name}` | " in text


def test_paths_name_what_stands_at_a_free_name_or_in_a_list() -> None:
    paths = key_paths()
    assert {
        "experiment",
        "components.panda.server.volumes.NAME.size",
        "cluster.nodeGroups[].flavor",
        "components.iam-db.mariadb.enabled",
        "secrets.certificates.panda.chain",
    } <= paths


def test_the_picture_shows_every_component() -> None:
    text = "".join(ElementTree.parse(DOCS / "local.svg").getroot().itertext())
    titles = [spec.title for spec in COMPONENTS.values() if spec.upstream]
    assert [title for title in titles if title not in text] == [], "run: make picture"


def test_anchors_are_those_of_the_forges() -> None:
    assert slug("`cluster.nodeGroups[]` of kind `x`, 2!") == "clusternodegroups-of-kind-x-2"


def test_tables_drop_empty_columns_and_keep_bars() -> None:
    assert list(table(("a", "b", "c"), [("1", "", "x|y"), ("2", "", "z\nz")])) == [
        "| a | c |",
        "| --- | --- |",
        r"| 1 | x\|y |",
        "| 2 | z z |",
        "",
    ]
