"""Which data a Helm release owns, and whether a plan would lose any of it.

A claim that a chart makes is deleted with its release, or as soon as its sub-chart is switched off or told to mount
another claim, unless the release has `KEEPER` mark it: then it waits for the release or sub-chart to come back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.catalog.components import COMPONENTS
from panda_infra.errors import Problem
from panda_infra.plan.model import Plan, Release
from panda_infra.plan.values.placement import POD

__all__ = [
    "KEEPER",
    "PLACER",
    "Deployed",
    "keeps_claims",
    "lost_data",
    "moved",
    "owned_data",
    "post_renderer",
]

KEEPER = "panda_infra/delivery/keep_claims.py"
"""The post-renderer of releases whose claims outlive them, from the project's folder: the same in every checkout."""

PLACER = "panda_infra/delivery/place_pods.py"
"""That of releases with pods that their chart does not let be placed."""

# Claims whose loss loses nothing: old log files, and one that no pod mounts (T21).
_WORTHLESS = frozenset({"logs", "condor", "unused"})


@dataclass(frozen=True)
class Deployed:
    """A release as the last run left it: its name, its chart values, whether its claims outlive it, and where it is.

    ``version`` is that of its chart.
    """

    name: str
    values: Mapping[str, Any]
    keeps_claims: bool
    namespace: str = ""
    version: str = ""


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


def keeps_claims(plan: Plan, release: Release) -> bool:
    """Whether the claims of a release must outlive it because of their data."""
    lifecycle = plan.config.lifecycle
    exempt = not lifecycle.protect or release.component in lifecycle.delete_data_of
    return not exempt and bool(owned_data(release.component, release.values))


def post_renderer(plan: Plan, release: Release) -> str | None:
    """The program, from the project's folder, that Helm pipes a release's manifest through; one at most."""
    if keeps_claims(plan, release):
        return KEEPER
    annotated = [
        sub
        for sub in COMPONENTS[release.component].sub_components
        if POD in ((release.values.get(sub.name) or {}).get("podAnnotations") or {})
    ]
    return PLACER if annotated else None


def lost_data(deployed: Mapping[str, Deployed], plan: Plan) -> Iterator[Problem]:
    """Where a protected stack, going from the ``deployed`` components to the plan, would not do as its file says.

    That is to keep the claims of what is removed or switched off, but for those in `lifecycle.deleteDataOf`.
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
    """Where a stack that is ``protected``, as deployed or by its file, would leave the namespaces ``before``."""
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
    fix = "Put it back and run `pulumi up`, from which on its claims are as `lifecycle` says; then change it."
    return Problem(f"components.{component}", what, fix)
