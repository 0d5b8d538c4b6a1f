"""Identical tolerations of all movable services -> one key of the stack."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.values.placement import writes_once
from panda_infra.products.migrated import Outcome
from panda_infra.products.registry import COMPONENTS

__all__ = ["place_placement"]

_TAINTS = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


def place_placement(outcome: Outcome) -> None:
    """Set once how soon pods leave a lost node, if all sub-components with tolerations agree.

    A database that may still write when its pod is replaced keeps its own tolerations.
    """
    given = {
        (name, key): sub
        for name, component in outcome.sections["components"].items()
        for key, sub in component.items()
        if isinstance(sub, dict) and "tolerations" in sub
    }
    seconds = {_seconds(sub["tolerations"]) for sub in given.values()}
    if len(seconds) != 1 or None in seconds:
        return
    outcome.put(("placement", "evictAfter"), seconds.pop())
    for (name, key), sub in given.items():
        if writes_once(COMPONENTS[name].sub_component(key), forced=False):
            del sub["tolerations"]


def _seconds(tolerations: Any) -> int | None:
    """The seconds of a pair of tolerations for lost nodes; None for anything else."""
    if not isinstance(tolerations, list) or not all(isinstance(each, dict) for each in tolerations):
        return None
    usual = all(
        each.get("operator") == "Exists" and each.get("effect") == "NoExecute" for each in tolerations
    )
    times = {each.get("tolerationSeconds") for each in tolerations}
    if usual and {each.get("key") for each in tolerations} == _TAINTS and len(times) == 1:
        (seconds,) = times
        return seconds if isinstance(seconds, int) else None
    return None
