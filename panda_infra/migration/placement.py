"""Tolerations that all movable services share -> one key of the stack."""

from __future__ import annotations

from typing import Any

from panda_infra.migration.outcome import Outcome

__all__ = ["place_placement"]

_TAINTS = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


def place_placement(outcome: Outcome) -> None:
    """Say once how soon pods leave a lost node, where every sub-component that says so says the same."""
    told = [
        sub
        for component in outcome.sections["components"].values()
        for sub in component.values()
        if isinstance(sub, dict) and "tolerations" in sub
    ]
    seconds = {_seconds(sub["tolerations"]) for sub in told}
    if len(seconds) == 1 and None not in seconds:
        outcome.put(("placement", "evictAfter"), seconds.pop())
        for sub in told:
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
