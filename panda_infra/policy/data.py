"""Which data a Helm release owns, and whether a plan would lose any of it.

A claim that a chart makes is deleted with its release, or as soon as its sub-chart is switched off or told to mount
another claim.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.catalog.components import COMPONENTS
from panda_infra.errors import Problem
from panda_infra.plan.model import Plan, Release

__all__ = ["is_protected", "lost_data", "owned_data"]

# Claims whose loss loses nothing: old log files, and one that no pod mounts (T21).
_WORTHLESS = frozenset({"logs", "condor", "unused"})


def owned_data(component: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The claims with data that a release with these chart values owns, such as ``postgres.data``."""
    owned = []
    for sub in COMPONENTS[component].sub_components:
        below = values.get(sub.name) or {}
        if below.get("enabled") is False:
            continue
        for claim in sub.claims:
            described = below.get(claim.key)
            adopted = described and (described.get(claim.adopt_key) or described.get("reuseLogsVolume"))
            if claim.name not in _WORTHLESS and not adopted and not (claim.optional and not described):
                owned.append(f"{sub.name}.{claim.name}")
    return tuple(owned)


def is_protected(plan: Plan, release: Release) -> bool:
    """Whether the engine must refuse to delete a release because of the data that it owns."""
    lifecycle = plan.config.lifecycle
    exempt = not lifecycle.protect or release.component in lifecycle.delete_data_of
    return not exempt and bool(owned_data(release.component, release.values))


def lost_data(deployed: Mapping[str, Mapping[str, Any]], plan: Plan) -> Iterator[Problem]:
    """What a protected stack would lose by going from the ``deployed`` chart values by component to the plan."""
    if not plan.config.lifecycle.protect:
        return
    planned = {release.component: release.values for release in plan.releases}
    for component, values in deployed.items():
        if component not in COMPONENTS or component in plan.config.lifecycle.delete_data_of:
            continue
        kept = owned_data(component, planned[component]) if component in planned else ()
        lost = [claim for claim in owned_data(component, values) if claim not in kept]
        if lost:
            yield _refusal(component, lost, removed=component not in planned)


def _refusal(component: str, lost: list[str], *, removed: bool) -> Problem:
    what = f"its data would be deleted (claims {', '.join(lost)}), and this stack is protected"
    name = f"`lifecycle: {{deleteDataOf: [{component}]}}`"
    if removed:
        fix = (
            f"Put it back. If the data shall be deleted, write {name} and run `pulumi up` with the component still "
            "in place; then remove it, and the entry last."
        )
    else:
        fix = f"Undo the change. If the data shall be deleted, write {name}."
    return Problem(f"components.{component}", what, fix)
