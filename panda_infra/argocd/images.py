"""Resources of Argo CD's Image Updater, which deploys the tags that a stack follows.

The updater's own resources are written, not annotations of Applications: since its version 1, it reads annotations
only if such a resource asks for it. It writes the tags that it finds into the parameters of the Application, beside the
values, which stay those of the stack file. It looks for Applications in the namespace of its resource: its first
versions demanded a field for that, which later ones refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.argocd.applications import namespace_of
from panda_infra.plan.argocd_names import OURS
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan, Release
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Follow, SubComponent

__all__ = ["API_VERSION", "OLDEST", "followed", "image_updater"]

API_VERSION = "argocd-image-updater.argoproj.io/v1alpha1"
OLDEST = "1.0.3, 1.1.1 or 1.2"
"""The first versions of the updater that need no field ``namespace``."""


def image_updater(plan: Plan, release: Release) -> dict[str, Any] | None:
    """The ImageUpdater of a component; None if it follows no image."""
    images = followed(plan, release)
    if not images:
        return None
    return {
        "apiVersion": API_VERSION,
        "kind": "ImageUpdater",
        "metadata": {
            "name": release.name,
            "namespace": namespace_of(plan.config),
            "labels": OURS,
            "annotations": plan.owner.mark,
        },
        "spec": {
            "applicationRefs": [{"namePattern": release.name, "images": images}],
            "writeBackConfig": {"method": "argocd"},
        },
    }


def followed(plan: Plan, release: Release) -> list[Mapping[str, Any]]:
    """The images that a component follows, as the updater describes them."""
    component = plan.config.components.deployed()[release.component]
    spec = COMPONENTS[release.component]
    return [
        image
        for sub, config in enabled_sub_components(spec, component)
        # A chart without sub-charts has one image, at the top of its values.
        for image in _images(plan, sub, config, "image" if spec.chart_form else f"{sub.name}.image")
    ]


def _images(
    plan: Plan, sub: SubComponentSpec, config: SubComponent, place: str
) -> Iterator[Mapping[str, Any]]:
    follow = config.image.follow
    if follow is None:
        return
    repository = plan.config.pulled(config.image.repository or sub.default_image[0])
    constraint, settings = _strategy(follow)
    yield {
        "alias": sub.name,
        "imageName": f"{repository}:{constraint}" if constraint else repository,
        "commonUpdateSettings": settings,
        "manifestTargets": {"helm": {"name": f"{place}.repository", "tag": f"{place}.tag"}},
    }


def _strategy(follow: Follow) -> tuple[str, Mapping[str, Any]]:
    """The constraint behind an image's name, and the updater's settings."""
    if follow.tag:
        return follow.tag, {"updateStrategy": "digest"}
    if follow.versions:
        return follow.versions, {"updateStrategy": "semver"}
    return "", {"updateStrategy": "newest-build", "allowTags": f"regexp:{follow.newest}"}
