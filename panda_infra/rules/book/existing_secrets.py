"""Secrets that somebody else provides are ones that the stack reads."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.rules.rule import WHOLE, rule
from panda_infra.rules.subject import Subject
from panda_infra.secrets import BUILDERS

__all__ = ["check"]


@rule(WHOLE)
def check(subject: Subject) -> Iterator[Problem]:
    """Each is known, and something reads it."""
    for suffix, component in subject.existing_secrets.items():
        where = f"components.{component}.settings.existingSecrets"
        if suffix not in BUILDERS:
            yield Problem(where, f"{suffix} is no Secret of PanDA", f"Name some of {', '.join(BUILDERS)}.")
        elif suffix not in subject.readers:
            yield Problem(where, f"{suffix} is read by nothing in this stack", "Remove it.")
