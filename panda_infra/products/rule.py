"""What a rule over a stack's configuration is."""

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
"""In place of sections: the rule needs all of them, for instance to know who reads a Secret."""


@dataclass(frozen=True)
class Rule:
    """A pure function over a stack, and the sections of the stack file that it ``reads``.

    It is left out while one of these is broken, for then it would judge what nobody has written.
    """

    reads: frozenset[str]
    check: Check

    @property
    def name(self) -> str:
        """Its module and its function, e.g. ``hosts.check``."""
        return f"{self.check.__module__.rpartition('.')[2]}.{self.check.__name__}"

    def __call__(self, subject: Subject) -> Iterator[Problem]:
        """What the stack has of this kind of mistake."""
        return self.check(subject)


def rule(*reads: str) -> Callable[[Check], Rule]:
    """Make a rule of a function; the book finds it in its module."""
    return lambda check: Rule(frozenset(reads), check)
