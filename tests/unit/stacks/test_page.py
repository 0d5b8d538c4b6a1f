"""The page of each sample; UPDATE_GOLDEN=1 writes the pages anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from panda_infra.errors import StackError
from panda_infra.stacks.page import page
from panda_infra.stacks.project import Project
from tests.support.stack_files import SAMPLES

GOLDEN = Path(__file__).parents[2] / "golden" / "stacks"


@pytest.mark.parametrize("stack", SAMPLES.stacks)
def test_the_page_of_each_sample(stack: str) -> None:
    golden = GOLDEN / f"{stack}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(page(SAMPLES, stack), encoding="utf-8")
    assert page(SAMPLES, stack) == golden.read_text(encoding="utf-8"), (
        "look at the change, then run with UPDATE_GOLDEN=1"
    )


def test_no_golden_page_is_left_of_a_sample_that_is_gone() -> None:
    assert {golden.stem for golden in GOLDEN.glob("*.md")} == set(SAMPLES.stacks)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stack of which the site has given one secret."""
    text = SAMPLES.file("sphenix").read_text()
    (tmp_path / "Pulumi.mine.yaml").write_text(
        f"{text}  panda-infra:secrets: {{hashKey: {{secure: v1:a}}}}\n"
    )
    return Project(tmp_path)


def test_a_secret_that_is_set_changes_nothing(project: Project) -> None:
    text = page(project, "mine")
    assert "- `cluster.kubeconfig`" in text
    assert text.replace("# mine:", "# sphenix:") == page(SAMPLES, "sphenix")


def test_a_stack_whose_plan_needs_the_site_shows_what_is_awaited(project: Project) -> None:
    file = project.file("mine")
    file.write_text(file.read_text().replace("sphenix-panda.apps.rcf.bnl.gov", "CHANGEME"))
    assert page(project, "mine").splitlines() == [
        "# mine",
        "",
        "## Only the site knows",
        "",
        "- `hosts.bigmon`",
        "- `cluster.kubeconfig`",
    ]


def test_a_wrong_stack_has_no_page(project: Project) -> None:
    file = project.file("mine")
    file.write_text(file.read_text().replace("sphenix-panda.apps.rcf.bnl.gov", "no host"))
    with pytest.raises(StackError, match=r"hosts\.bigmon"):
        page(project, "mine")
