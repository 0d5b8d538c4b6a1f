"""Both stacks of a pair must never work at once: what is deployed decides, not an old stack file."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.plan.model import Plan
from panda_infra.plan.standby import Role, role_of

__all__ = ["outdated", "split"]


def split(plan: Plan, before: Role | None, other: Role | None) -> Iterator[Problem]:
    """The problems of a plan by which both stacks of its pair would work, or which undoes a failover.

    Args:
        plan: of the stack.
        before: what the stack was, None if it was in no pair.
        other: what the other stack of the pair was when it was last deployed, None if it never was.
    """
    role, standby = role_of(plan), plan.config.standby
    if role is None or standby is None:
        if before and not before.active:
            what = (
                f"is missing, but this stack stands by for {before.other}: both would work on the same tasks"
            )
            fix = f"Write the section again, or `python -m panda_infra failover {before.other} --to {plan.stack}`."
            yield Problem("standby", what, fix)
        return
    newest = max((each for each in (before, other) if each), key=lambda each: each.term, default=None)
    if newest and newest.term > role.term:
        yield outdated(role, newest)
    elif role.active and other and other.active and standby.fenced != role.term:
        what = f"makes this stack active, but {role.other} has not stopped: it is {other}"
        fix = f"Run `python -m panda_infra failover {role.other} --to {plan.stack}`."
        yield Problem("standby.of", what, fix)


def outdated(role: Role, newest: Role) -> Problem:
    """The problem of a stack file that is older than a failover."""
    what = f"is {role.term}, but a failover has made it {newest.term} since: this file is out of date"
    fix = "Bring the files of both stacks to the newest commit; the last failover may not have been committed yet."
    return Problem("standby.term", what, fix)
