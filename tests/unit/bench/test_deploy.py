"""What the measurements of a deployment are compared with."""

from __future__ import annotations

import pytest

from bench.deploy import DELAYS, GOALS, Figures, _verdict
from panda_infra.plan.order import critical_path
from tests.support.panda import COMPONENTS

FIGURES = Figures(
    first_preview=4.5,
    preview=3,
    empty_preview=1.5,
    unwaiting_preview=1,
    fresh_up=99,
    unchanged_up=2,
    helm_install=198,
    helm_upgrade=4,
)


def test_ratios_are_those_of_the_goals_and_two_more() -> None:
    path, _ = critical_path(COMPONENTS, DELAYS)
    ratios = FIGURES.ratios()
    assert list(ratios.values()) == pytest.approx([0.5, 99 / path, 0.5, 2, 3, 3])
    assert list(ratios)[: len(GOALS)] == list(GOALS)


@pytest.mark.parametrize(
    ("ratio", "goal", "words"),
    [(0.5, 0.5, " (goal: at most 0.5, reached)"), (0.51, 0.5, " (goal: at most 0.5, MISSED)"), (9, None, "")],
)
def test_a_missed_goal_is_reported(ratio: float, goal: float | None, words: str) -> None:
    assert _verdict(ratio, goal) == words
