"""Changes of a developer's stack file by a later `dev up`, in place: comments and hand-made changes stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from panda_infra.config.argo_delivery import ArgoDelivery
from panda_infra.config.charts import GitCharts
from panda_infra.config.load import Loaded
from panda_infra.config.paths import Path
from panda_infra.developers.request import Charts, NewImage, newest
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.edit import Wanted

__all__ = ["wanted"]


def wanted(loaded: Loaded, images: Sequence[NewImage], charts: Charts | None, expires: date | None) -> Wanted:
    """The keys that a stack file must get: what the command line asks for, and the newest commit of a followed branch.

    Raises:
        PandaInfraError: the file cannot take it, or the branch's repository cannot be read.
    """
    return dict(_wanted(loaded, images, charts, expires))


def _wanted(
    loaded: Loaded, images: Sequence[NewImage], charts: Charts | None, expires: date | None
) -> Iterator[tuple[Path, str]]:
    deployed = loaded.config.components.deployed()
    for image in images:
        if image.component not in deployed:
            raise PandaInfraError(
                f"--image {image.component}.{image.sub_component}: the stack has no {image.component}; add it to "
                f"`components` in {loaded.source}"
            )
        where: Path = ("components", image.component, image.sub_component, "image")
        yield (*where, "repository"), image.repository
        if image.tag:
            yield (*where, "tag"), image.tag
    now = loaded.config.charts
    if charts:
        pinned = {"kind": "git", "url": charts.url, "revision": charts.revision, "path": charts.path}
        pinned |= {"branch": charts.branch} if charts.branch else {}
        yield from ((("charts", key), value) for key, value in pinned.items())
        if charts.branch and isinstance(loaded.config.delivery_section, ArgoDelivery):
            yield ("delivery", "follow"), charts.branch
    elif isinstance(now, GitCharts) and now.branch:
        yield ("charts", "revision"), newest(now.url, now.branch)
    if expires:
        yield ("lifecycle", "expires"), expires.isoformat()
