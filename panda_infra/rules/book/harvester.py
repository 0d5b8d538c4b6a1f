"""Harvester's identity is one that its configuration reads as a text."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.secrets.limits import reads_otherwise

__all__ = ["check"]


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """It is neither a number nor a word of Python."""
    harvester = subject.config.components.harvester
    if harvester and reads_otherwise(harvester.settings.harvester_id or ""):
        what = "is read as a number or a word of Python by Harvester's configuration"
        yield Problem("components.harvester.settings.harvesterId", what, "Put a letter before it.")
