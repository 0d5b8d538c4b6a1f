"""Rules about monitoring: who collects metrics must reach them."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.metrics import monitored
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["is_not_a_developers"]


@rule("monitoring", "developer")
def is_not_a_developers(subject: Subject) -> Iterator[Problem]:
    """Policies of a developer's namespace let nobody in, and its account makes no objects of the operator."""
    if subject.config.developer is not None and monitored(subject.config):
        what = "has no effect: nobody from outside of a developer's namespace reaches its pods"
        yield Problem("monitoring", what, "Remove it.")
