"""Finds deployed data that a plan would lose."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from panda_infra.errors import Problem
from panda_infra.plan.data import Deployed, owned_data
from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS

__all__ = ["lost_data", "moved"]


def lost_data(deployed: Mapping[str, Deployed], plan: Plan) -> Iterator[Problem]:
    """The problems of going from the ``deployed`` components of a protected stack to the plan.

    Claims of removed or switched off components must stay, and those in `lifecycle.deleteDataOf` must go.
    """
    if not plan.config.lifecycle.protect:
        return
    planned = {release.component: release for release in plan.releases}
    for component, before in deployed.items():
        owned = owned_data(component, before.values) if component in COMPONENTS else ()
        after = planned.get(component)
        kept = owned_data(component, after.values) if after else ()
        lost = ", ".join(claim for claim in owned if claim not in kept)
        exempt = component in plan.config.lifecycle.delete_data_of
        if owned and after and after.name != before.name and not exempt:
            yield _left_behind(component, before.name, after.name)
        elif lost and exempt and before.keeps_claims:
            yield _too_early(component, f"its claims {lost} would stay, although its data shall be deleted")
        elif lost and not exempt and not before.keeps_claims:
            yield _too_early(
                component, f"its data would be deleted (claims {lost}), and this stack is protected"
            )


def moved(before: Collection[str], plan: Plan, *, protected: bool) -> Iterator[Problem]:
    """The problem of a stack, ``protected`` as deployed or by its file, that would leave the namespaces ``before``."""
    after = plan.config.namespace
    left = sorted(name for name in before if name != after)
    if not left or not (protected or plan.config.lifecycle.protect):
        return
    what = f"would be {after}, but this stack's data are in {', '.join(left)}, and it is protected"
    fix = (
        "Put it back. To begin anew without the data: write `lifecycle: {protect: false}`, run `pulumi up`, "
        "and change the namespace after that."
    )
    yield Problem("namespace", what, fix)


def _left_behind(component: str, before: str, after: str) -> Problem:
    what = f"its release would be {after} with empty claims, and its data stay behind in those of {before}"
    fix = f"Undo the change. If the data is not needed, write `lifecycle: {{deleteDataOf: [{component}]}}`."
    return Problem(f"components.{component}", what, fix)


def _too_early(component: str, what: str) -> Problem:
    fix = "Put it back and run `pulumi up`, which makes its claims as `lifecycle` requires; change it after that."
    return Problem(f"components.{component}", what, fix)
