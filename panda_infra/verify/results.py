"""The outcome of a check, and the two ways in which it is not ok."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from panda_infra.errors import PandaInfraError
from panda_infra.products.verification import Check

__all__ = ["NotAskedError", "Outcome", "Result", "WrongError"]


class Outcome(StrEnum):
    """What a check has found; one that could not be asked is never ok."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


class WrongError(PandaInfraError):
    """The stack does not answer as it should; the text is what was found."""


class NotAskedError(PandaInfraError):
    """A check cannot be asked; the text is the reason.

    ``absent`` is true if the stack has nothing to ask there, as its file wants it. Otherwise the result is not known.
    """

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent


@dataclass(frozen=True)
class Result:
    """The outcome of a check, with what was found or why it was skipped, and the seconds that it took."""

    check: Check
    outcome: Outcome
    detail: str
    seconds: float
    absent: bool = False

    @property
    def is_unknown(self) -> bool:
        """True if something that the stack has could not be asked."""
        return self.outcome is Outcome.SKIPPED and not self.absent
