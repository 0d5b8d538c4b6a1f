"""Rules about monitoring: who collects metrics must reach them."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.metrics import monitored
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["is_not_a_developers", "tells_somebody"]


@rule("monitoring", "developer")
def is_not_a_developers(subject: Subject) -> Iterator[Problem]:
    """Policies of a developer's namespace let nobody in, and its account makes no objects of the operator."""
    if subject.config.developer is not None and monitored(subject.config):
        what = "has no effect: nobody from outside of a developer's namespace reaches its pods"
        yield Problem("monitoring", what, "Remove it.")


@rule("monitoring")
def tells_somebody(subject: Subject) -> Iterator[Problem]:
    """A section of receivers without one would look as if somebody was told."""
    section = subject.config.monitoring
    if section and section.receivers and not (section.receivers.webhook or section.receivers.mail):
        what = "names nobody, so that nobody would be told of an alert"
        fix = "Write `webhook: true` or `mail: {to: [...], sender: ..., server: ...}`, or remove it."
        yield Problem("monitoring.receivers", what, fix)
