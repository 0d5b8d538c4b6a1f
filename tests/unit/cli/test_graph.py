"""Pictures of a stack."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from panda_infra.catalog.components import COMPONENTS
from panda_infra.cli.drawing.cards import Picture, picture
from panda_infra.cli.drawing.layout import Box, place
from panda_infra.cli.drawing.svg import svg
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
    result = run("graph", "small", "--output", str(tmp_path / "nowhere" / "small.svg"))
    assert result.exit_code == 1
    assert "small.svg cannot be written: No such file or directory" in result.stderr


def test_columns_follow_the_order_of_deployment() -> None:
    steps = {card.key: step for step, column in enumerate(everything().columns) for card in column}
    assert steps.keys() == set(EVERYTHING)
    assert all(steps[source] < steps[target] for source, target in everything().edges)


def test_edges_that_follow_from_others_are_left_out() -> None:
    edges = set(everything().edges)
    assert ("panda", "bigmon") in edges
    assert ("msgsvc", "harvester") not in edges


def test_the_svg_stands_alone_and_names_everything(run: Any, stack_file: Path) -> None:
    target = stack_file.with_name("small.svg")
    result = run("graph", "small", "--format", "svg", "--output", str(target))
    assert result.exit_code == 0
    root = ElementTree.fromstring(target.read_text())
    text = " ".join(root.itertext())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    for name in ("msgsvc", "iam", "panda"):
        assert COMPONENTS[name].title in text
    assert "https://panda.cern.ch" in text
    assert "panda-secrets-panda-envs" in text


def _overlap(one: Box, other: Box) -> bool:
    apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
    apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (apart_x or apart_y)


@pytest.mark.parametrize("components", [EVERYTHING, ("msgsvc",), ("msgsvc", "panda", "harvester"), ()])
def test_no_card_covers_another_or_leaves_the_paper(components: tuple[str, ...]) -> None:
    plan = make_plan("local", stack(components={name: {} for name in components}))
    layout = place(picture(plan))
    assert len(layout.boxes) == len(components)
    for index, box in enumerate(layout.boxes):
        assert 0 <= box.x <= layout.width - box.width
        assert 0 <= box.y <= layout.height - box.height
        assert not any(_overlap(box, other) for other in layout.boxes[index + 1 :])
    ElementTree.fromstring(svg(picture(plan)))


def test_lines_go_from_left_to_right_and_through_no_card() -> None:
    layout = place(everything())
    for path in layout.paths:
        assert all(a[0] < b[0] for a, b in pairwise(path))
        for x, y in path[1:-1]:
            assert not any(
                box.x < x < box.x + box.width and box.y < y < box.y + box.height for box in layout.boxes
            )
