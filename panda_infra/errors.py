"""The one hierarchy of errors that a person can act on.

Each error names the stack file, the key, what is wrong and what to do. None carries a secret value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_FIX, _MORE = 6 * " ", 4 * " "  # before a line of what to do, and before one that goes on with what is wrong


class PandaInfraError(Exception):
    """Anything that this program refuses or cannot do, told in the text of the exception."""


class NoAnswerError(PandaInfraError):
    """Nobody answered a call to the outside: nothing is known of what was asked for."""


class NotAllowedError(PandaInfraError):
    """An answer that refuses: the credential has ended or does not suffice. What was asked for may well be there."""


class NotFoundError(PandaInfraError):
    """An answer of who must know: there is no such thing."""


class ResourceError(PandaInfraError):
    """A resource cannot become what was asked for."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a stack.

    ``where`` is the key path inside the stack file (``components.panda.server.replicas``) or the name of
    what was checked; ``what`` says what is wrong and what is expected; ``fix`` says what to do, with an
    example. Both may have several lines. It ``awaits_site`` when nothing is wrong but that a value is missing
    which only the site knows.
    """

    where: str
    what: str
    fix: str
    awaits_site: bool = False

    def __str__(self) -> str:
        what, fix = self.what.replace("\n", f"\n{_MORE}"), self.fix.replace("\n", f"\n{_FIX}")
        return f"{self.where}: {what}\n{_FIX}{fix}"


class StackError(PandaInfraError):
    """Every problem of one stack, all at once, found before anything was touched."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems: Sequence[Problem] = tuple(problems)
        count = len(self.problems)
        summary = f"{source}: {count} {'problem' if count == 1 else 'problems'}, nothing was changed"
        super().__init__(f"{summary}\n{self.listed}")

    @property
    def awaits_site(self) -> bool:
        """Whether nothing is wrong but that values are missing which only the site knows."""
        return all(problem.awaits_site for problem in self.problems)

    @property
    def listed(self) -> str:
        """The problems alone, one below the other."""
        return "\n".join(f"  - {problem}" for problem in self.problems)
