"""Charts that Argo CD cannot deliver, because each of their renders differs: it would replace objects at every sync."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panda_infra.clients.helm import Helm, HelmError, find_helm
from panda_infra.delivery.charts import ChartReference, locate
from panda_infra.errors import Problem
from panda_infra.helm.manifest import items_of
from panda_infra.plan.model import Plan, Release

__all__ = ["Renders", "check_renders"]

_WITHOUT_HELM = (
    "Helm is not on PATH, so that no chart was rendered twice: one that makes up values is not noticed"
)


@dataclass(frozen=True)
class Renders:
    """The result of rendering every chart twice: what is wrong, and what could not be seen."""

    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def check_renders(plan: Plan) -> Renders:
    """Render each chart that Argo CD delivers twice, in two different seconds, and compare.

    A chart that cannot be rendered is ignored here: Argo CD, or the check of charts, reports it.
    """
    releases = [release for release in plan.releases if release.argocd]
    try:
        helm = find_helm()
    except HelmError:
        return Renders(notes=(_WITHOUT_HELM,))
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(max_workers=4) as pool:

        def once(release: Release) -> Mapping[str, Any] | None:
            return _rendered(helm, plan, release, Path(scratch))

        first = list(pool.map(once, releases))
        _next_second()
        second = list(pool.map(once, releases))
    found = (
        _problem(release, differing)
        for release, one, other in zip(releases, first, second, strict=True)
        if one is not None and other is not None and (differing := sorted(_differing(one, other)))
    )
    return Renders(problems=tuple(found))


def _rendered(helm: Helm, plan: Plan, release: Release, scratch: Path) -> Mapping[str, Any] | None:
    """The objects of a release by kind and name."""
    try:
        chart = _folder(helm, locate(plan.config.charts, release.chart), release, scratch)
        text = helm.render(release.name, chart, plan.config.namespace, release.values, hooks=True)
    except HelmError:
        return None
    return {str(item): item.content for item in items_of(text)}


def _folder(helm: Helm, reference: ChartReference, release: Release, scratch: Path) -> Path:
    if reference.version is None:
        return Path(reference.location)
    target = scratch / release.component
    if not target.is_dir():
        helm.pull(reference.location, reference.version, target)
    return target / release.chart.name


def _next_second() -> None:
    """Wait until the clock shows another second, because charts put the time into objects."""
    began = int(time.time())
    while int(time.time()) == began:
        time.sleep(began + 1 - time.time())


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """The objects that differ; one whose name is made up is in one of the renders alone."""
    yield from (key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _problem(release: Release, differing: list[str]) -> Problem:
    listed = ", ".join(differing)
    what = f"is rendered differently each time ({listed}), so that Argo CD would replace that at every sync"
    by_helm = f"add {release.component} to delivery.byHelm"
    fix = f"Give the chart the values that it makes up, or let Helm deliver it: {by_helm}."
    return Problem(f"components.{release.component}.chart", what, fix)
