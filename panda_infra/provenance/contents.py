"""List the parts of a deployment: its releases with their charts, and every image, with all that is known of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.registry.artifacts import Repository
from panda_infra.clients.registry.login import RegistryError, RegistryUnreachableError
from panda_infra.clients.registry.manifests import chart_digest, image_digest
from panda_infra.config.charts import GitCharts, OciCharts
from panda_infra.errors import PandaInfraError
from panda_infra.pins.deployed import DeployedImage, deployed_images, images_beside
from panda_infra.plan.model import Plan, Release
from panda_infra.state.recorded import Recorded

__all__ = ["contents"]

_SBOMS = ("spdx", "cyclonedx")


@dataclass(frozen=True)
class _Found:
    """A registry's answer for an image: its digest, empty if it gives none, and the SBOMs that refer to it."""

    digest: str = ""
    sboms: tuple[Mapping[str, str], ...] = ()


def contents(plan: Plan, state: Recorded) -> dict[str, Any]:
    """The ``releases`` and the ``images`` of a stack, as a record has them.

    An image with ``pinned`` runs by its digest. The digest of another one, and of a chart without a pin, is what its
    registry gives now, and empty if that gives none.

    Raises:
        PandaInfraError: what is deployed is not what this checkout deploys.
    """
    _check(plan, state)
    images = [*deployed_images(state.releases), *images_beside(state)]
    found = _asked(images)
    return {
        "releases": [_release(plan, release) for release in plan.releases],
        "images": [_image(each, found.get(each, _Found())) for each in images],
    }


def _check(plan: Plan, state: Recorded) -> None:
    wanted = {each.component: each for each in plan.releases}
    differing = sorted(wanted.keys() ^ state.releases.keys())
    for component, release in wanted.items():
        known = state.releases.get(component)
        if known and (known.name != release.name or _version(plan, release) not in ("", known.version)):
            differing.append(component)
    if differing:
        raise PandaInfraError(
            f"stack {plan.stack} has deployed something else than this checkout describes ({', '.join(differing)}): "
            "a record would be wrong. Run this on the commit that was deployed, or deploy this one first"
        )


def _version(plan: Plan, release: Release) -> str:
    """The version by which a release's chart is fetched; empty if it is that of a folder."""
    by_version = isinstance(plan.config.charts, OciCharts) and not release.chart.folder
    return release.chart.version if by_version else ""


def _release(plan: Plan, release: Release) -> dict[str, Any]:
    chart, source = release.chart, plan.config.charts
    digest = chart.digest or ""
    if chart.folder:
        place = chart.folder
    elif isinstance(source, OciCharts):
        place = source.repository
        with suppress(RegistryError):
            digest = digest or chart_digest(source.repository, chart.name, chart.version)
    else:
        place = f"{source.url}@{source.revision}" if isinstance(source, GitCharts) else source.path
    return {
        "component": release.component,
        "release": release.name,
        "chart": {"name": chart.name, "version": chart.version, "digest": digest, "source": place},
    }


def _image(image: DeployedImage, found: _Found) -> dict[str, Any]:
    return {
        "component": image.component,
        "where": image.where,
        "repository": image.repository,
        "tag": image.tag,
        "digest": image.digest or found.digest,
        "pinned": bool(image.digest),
        "sboms": list(found.sboms),
    }


def _asked(images: Iterable[DeployedImage]) -> dict[DeployedImage, _Found]:
    """The answers of registries, each asked by a thread of its own; one that does not answer is asked once."""
    by_host: dict[str, list[DeployedImage]] = defaultdict(list)
    for each in images:
        by_host[Repository.of_image(each.repository).host].append(each)
    with ThreadPoolExecutor(max_workers=max(1, len(by_host))) as pool:
        return {key: value for part in pool.map(_of_host, by_host.values()) for key, value in part.items()}


def _of_host(images: list[DeployedImage]) -> dict[DeployedImage, _Found]:
    found = {}
    for each in images:
        try:
            digest = each.digest or image_digest(each.repository, each.tag)
            found[each] = _Found(digest, _sboms(each.repository, digest) if digest else ())
        except RegistryUnreachableError:
            return found
        except RegistryError:
            continue
    return found


def _sboms(repository: str, digest: str) -> tuple[Mapping[str, str], ...]:
    """The SBOMs among an image's referrers; their makers write the kind in different places."""
    made = []
    for each in Repository.of_image(repository).referrers(digest):
        said = [str(each.get("artifactType") or ""), *map(str, (each.get("annotations") or {}).values())]
        if kind := next((text for text in said if any(word in text.lower() for word in _SBOMS)), None):
            made.append({"digest": str(each.get("digest") or ""), "kind": kind})
    return tuple(made)
