"""Asks all checks: side by side, and those that change something one after the other at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from panda_infra.errors import NotAskedError, PandaInfraError
from panda_infra.live.masking import texts_of, without
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.verification import Check
from panda_infra.verify.asking import World, ask
from panda_infra.verify.results import Outcome, Result

__all__ = ["verified"]

_AT_ONCE = 6


def verified(
    world: World, checks: Sequence[Check], report: Callable[[str], None] = lambda _line: None
) -> tuple[Result, ...]:
    """The result of each check, in their order; ``report`` takes the name of each one that has ended."""
    secrets = {text for secret in world.secrets.values() for text in texts_of(secret)} - _public(world)

    def one(check: Check) -> Result:
        result = _result(world, check, secrets)
        report(f"{check.name}: {result.outcome}")
        return result

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        beside = dict(
            zip(_names(checks, alone=False), pool.map(one, _these(checks, alone=False)), strict=True)
        )
    found = beside | {check.name: one(check) for check in _these(checks, alone=True)}
    return tuple(found[check.name] for check in checks)


def _public(world: World) -> set[str]:
    """The names of hosts and Services, which Secrets have too but which are no secret."""
    plan = world.plan
    services = {
        plan.names.workload(component, sub.name)
        for component in plan.config.components.deployed()
        for sub in COMPONENTS[component].sub_components
    }
    return services | set(plan.addresses)


def _result(world: World, check: Check, secrets: set[str]) -> Result:
    """Ask one check; the result contains no text of a Secret."""
    begun, absent = time.monotonic(), False
    try:
        outcome, words = Outcome.OK, ask(world, check)
    except NotAskedError as error:
        outcome, words, absent = Outcome.SKIPPED, str(error), error.absent
    except PandaInfraError as error:
        outcome, words = Outcome.FAILED, str(error)
    return Result(check, outcome, without(words, secrets), time.monotonic() - begun, absent)


def _these(checks: Sequence[Check], *, alone: bool) -> list[Check]:
    return [check for check in checks if check.alone is alone]


def _names(checks: Sequence[Check], *, alone: bool) -> list[str]:
    return [check.name for check in _these(checks, alone=alone)]
