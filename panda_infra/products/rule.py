"""The type of rules over a stack's configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panda_infra.errors import Problem

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = ["WHOLE", "Check", "Rule", "rule"]

Check = Callable[["Subject"], Iterator[Problem]]
WHOLE = "*"
"""Stands for all sections: the rule needs them all, for instance to find the readers of a Secret."""


@dataclass(frozen=True)
class Rule:
    """A pure function over a stack, and the sections of the stack file that it ``reads``.

    It is left out if one of these is broken, because it would then judge replaced values.
    """

    reads: frozenset[str]
    check: Check

    @property
    def name(self) -> str:
        """Its module and its function, e.g. ``hosts.check``."""
        return f"{self.check.__module__.rpartition('.')[2]}.{self.check.__name__}"

    def __call__(self, subject: Subject) -> Iterator[Problem]:
        """The problems of the stack under this rule."""
        return self.check(subject)


def rule(*reads: str) -> Callable[[Check], Rule]:
    """Make a rule of a function; the book finds it in its module."""
    return lambda check: Rule(frozenset(reads), check)
