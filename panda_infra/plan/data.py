"""The data that a Helm release owns, and the protection of it.

A chart's claim is deleted with its release, or as soon as its sub-chart is switched off or set to mount another
claim, unless `KEEPER` marks it: then it stays until the release or sub-chart comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.plan.model import Plan, Release
from panda_infra.plan.values.placement import POD
from panda_infra.products.registry import COMPONENTS

__all__ = [
    "KEEPER",
    "PLACER",
    "Deployed",
    "keeps_claims",
    "owned_data",
    "post_renderer",
]

KEEPER = "panda_infra/delivery/keep_claims.py"
"""The post-renderer of releases whose claims outlive them, relative to the project: equal in every checkout."""

PLACER = "panda_infra/delivery/place_pods.py"
"""The post-renderer of releases whose chart has no values for the placement of pods."""

# Claims that may be deleted: old log files, and one that no pod mounts (T21).
_WORTHLESS = frozenset({"logs", "condor", "unused"})


@dataclass(frozen=True)
class Deployed:
    """A release as the last run deployed it.

    ``keeps_claims`` is true if its claims outlive it; ``version`` is its chart's. With ``argocd``, an Application of
    that name deployed it.
    """

    name: str
    values: Mapping[str, Any]
    keeps_claims: bool
    namespace: str = ""
    version: str = ""
    argocd: bool = False


def owned_data(component: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The claims with data that a release with these chart values owns, such as ``postgres.data``."""
    owned = []
    for sub in COMPONENTS[component].sub_components:
        below = values.get(sub.name) or {}
        if below.get("enabled") is False:
            continue
        for claim in sub.claims:
            described = below.get(claim.key)
            adopted = described and claim.existing(described)
            if claim.name not in _WORTHLESS and not adopted and not (claim.optional and not described):
                owned.append(f"{sub.name}.{claim.name}")
    return tuple(owned)


def keeps_claims(plan: Plan, release: Release) -> bool:
    """True if the claims of a release must outlive it because of their data."""
    lifecycle = plan.config.lifecycle
    exempt = not lifecycle.protect or release.component in lifecycle.delete_data_of
    return not exempt and bool(owned_data(release.component, release.values))


def post_renderer(plan: Plan, release: Release) -> str | None:
    """The program that Helm pipes a release's manifest through, relative to the project's folder; one at most."""
    if keeps_claims(plan, release):
        return KEEPER
    annotated = [
        sub
        for sub in COMPONENTS[release.component].sub_components
        if POD in ((release.values.get(sub.name) or {}).get("podAnnotations") or {})
    ]
    return PLACER if annotated else None
