"""The errors that a person can act on.

Each error names the stack file, the key, what is wrong and what to do. None contains a secret value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_FIX, _MORE = 6 * " ", 4 * " "  # indents the lines of ``fix``, and the further lines of ``what``


class PandaInfraError(Exception):
    """The program refuses or cannot do something; the text of the exception explains it."""


class NoAnswerError(PandaInfraError):
    """A call to the outside got no answer: whether the requested thing exists is unknown."""


class NotAllowedError(PandaInfraError):
    """The credential has expired or is not sufficient; the requested thing may exist."""


class NotFoundError(PandaInfraError):
    """The service that owns the requested thing answers that it does not exist."""


class ResourceError(PandaInfraError):
    """A resource cannot be brought into the requested state."""


class WrongError(PandaInfraError):
    """A running stack does not answer as it should; the text is what was found."""


class NotAskedError(PandaInfraError):
    """A question to a running stack cannot be asked; the text is the reason.

    ``absent`` is true if the stack has nothing to ask there, as its file wants it. Otherwise the answer is not known.
    """

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a stack.

    ``where`` is the key path inside the stack file (``components.panda.server.replicas``) or the name of the
    checked thing; ``what`` states what is wrong and what is expected; ``fix`` states what to do, with an
    example. Both may have several lines. ``awaits_site`` is true if the only problem is a missing value that
    only the site knows.
    """

    where: str
    what: str
    fix: str
    awaits_site: bool = False

    def __str__(self) -> str:
        what, fix = self.what.replace("\n", f"\n{_MORE}"), self.fix.replace("\n", f"\n{_FIX}")
        return f"{self.where}: {what}\n{_FIX}{fix}"


class StackError(PandaInfraError):
    """All problems of one stack at once, found before anything was changed."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems: Sequence[Problem] = tuple(problems)
        count = len(self.problems)
        summary = f"{source}: {count} {'problem' if count == 1 else 'problems'}, nothing was changed"
        super().__init__(f"{summary}\n{self.listed}")

    @property
    def awaits_site(self) -> bool:
        """True if the only problems are missing values that only the site knows."""
        return all(problem.awaits_site for problem in self.problems)

    @property
    def listed(self) -> str:
        """The problems as a list, one below the other."""
        return "\n".join(f"  - {problem}" for problem in self.problems)


def one_line(text: str | None) -> str:
    """A text of several lines, or None, as one line."""
    return " ".join((text or "").split())


def shortened(names: Sequence[str], separator: str = ", ", *, most: int = 8) -> str:
    """The first names, and the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more
