"""The outcome of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from panda_infra.products.verification import Question

__all__ = ["Outcome", "Result"]


class Outcome(StrEnum):
    """The result of a check; one that could not be asked is never ok."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """The outcome of a check, with what was found or why it was skipped, and the seconds that it took."""

    check: Question
    outcome: Outcome
    detail: str
    seconds: float
    absent: bool = False

    @property
    def is_unknown(self) -> bool:
        """True if something that the stack has could not be asked."""
        return self.outcome is Outcome.SKIPPED and not self.absent
