"""The result of each requirement of a product, from the results of its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from panda_infra.verify.results import Outcome, Result

__all__ = ["Requirement", "Verdict", "judged"]


class Verdict(StrEnum):
    """The result of all checks of a requirement."""

    VERIFIED = "verified"
    PARTLY = "verified in part"
    FAILED = "failed"
    UNKNOWN = "not verified"
    NO_CHECK = "no check"


@dataclass(frozen=True)
class Requirement:
    """A requirement, the names of its checks, and the verdict."""

    id: str
    title: str
    verdict: Verdict
    checks: tuple[str, ...]


def judged(results: Sequence[Result], requirements: Mapping[str, str]) -> tuple[Requirement, ...]:
    """The verdict on each requirement.

    Args:
        results: of all checks that were asked for.
        requirements: title by id; one that is missing there has its id as its title.
    """
    ids = dict.fromkeys([*requirements, *(result.check.requirement for result in results)])
    return tuple(
        _judged(each, requirements.get(each, each), [one for one in results if one.check.requirement == each])
        for each in ids
    )


def _judged(name: str, title: str, results: Sequence[Result]) -> Requirement:
    return Requirement(name, title, _verdict(results), tuple(result.check.name for result in results))


def _verdict(results: Sequence[Result]) -> Verdict:
    """One failure is a failure; what the stack does not have counts neither for nor against."""
    asked = [result for result in results if not result.absent]
    if not results:
        return Verdict.NO_CHECK
    if any(result.outcome is Outcome.FAILED for result in asked):
        return Verdict.FAILED
    if not any(result.outcome is Outcome.OK for result in asked):
        return Verdict.UNKNOWN
    return Verdict.PARTLY if any(result.is_unknown for result in asked) else Verdict.VERIFIED
