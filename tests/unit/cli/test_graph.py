"""Pictures of a stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli.drawing import Picture, picture
from panda_infra.plan.make import make_plan
from tests.support.stacks import EVERYTHING, stack

_HOSTS = {"panda": "panda.localhost", "bigmon": "bigmon.localhost", "iam": "iam.localhost"}


def everything() -> Picture:
    return picture(make_plan("local", stack(hosts=_HOSTS)))


def test_mermaid_is_what_a_person_expects(
    run: Any, stack_file: Path, golden: Callable[[str, str], None]
) -> None:
    assert stack_file.exists()
    result = run("graph", "small")
    assert result.exit_code == 0
    golden("small.mermaid", result.stdout)


@pytest.mark.usefixtures("stack_file")
def test_a_file_that_cannot_be_written_ends_in_words(run: Any, tmp_path: Path) -> None:
    result = run("graph", "small", "--output", str(tmp_path / "nowhere" / "small.mmd"))
    assert result.exit_code == 1
    assert "small.mmd cannot be written: No such file or directory" in result.stderr


def test_columns_follow_the_order_of_deployment() -> None:
    steps = {card.key: step for step, column in enumerate(everything().columns) for card in column}
    assert steps.keys() == set(EVERYTHING)
    assert all(steps[source] < steps[target] for source, target in everything().edges)


def test_edges_that_follow_from_others_are_left_out() -> None:
    edges = set(everything().edges)
    assert ("panda", "bigmon") in edges
    assert ("msgsvc", "harvester") not in edges


def test_argo_cd_is_there_from_the_first_step_on() -> None:
    own = {"version": "2.13.6", "host": "argocd.panda.test"}
    drawn = picture(make_plan("local", stack(hosts=_HOSTS, argocd=own)))
    (card,) = [card for card in drawn.columns[0] if card.key == "argocd"]
    assert card.facts == ("version 2.13.6", "namespace argocd")
    assert card.hosts == ("argocd.panda.test",)
