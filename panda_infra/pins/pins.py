"""List the charts and images of a stack: charts by their versions, images by their tags, and both by their digests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic.alias_generators import to_camel

from panda_infra.config.charts import OciCharts
from panda_infra.config.paths import Path, spelled
from panda_infra.config.stack import Settings
from panda_infra.products.model import ComponentSpec, SubComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Component, SubComponent

__all__ = ["Pin", "pins"]


@dataclass(frozen=True)
class Pin:
    """A chart or an image of a stack; ``path`` is its place in the stack file.

    ``repository`` is that of all charts, or the image's own, ``tag`` a chart's version or an image's tag. ``digest``
    is None if the stack file has none. An image that is ``followed`` has a tag that others choose.
    """

    path: Path
    kind: Literal["chart", "image"]
    name: str
    repository: str
    tag: str
    digest: str | None
    followed: bool = False

    @property
    def key(self) -> str:
        """Its key in the stack file."""
        return spelled(self.path)

    @property
    def tag_path(self) -> Path:
        """The place of the version or the tag."""
        return (*self.path, "version" if self.kind == "chart" else "tag")

    @property
    def digest_path(self) -> Path:
        """The place of the digest."""
        return (*self.path, "digest")


def pins(config: Settings) -> Iterator[Pin]:
    """Everything that a stack runs, pinned or not, in the order of its components.

    A chart that comes with the program or from git has no digest: the program's commit or that of ``charts.revision``
    pins it.
    """
    for name, component in config.components.deployed().items():
        spec = COMPONENTS[name]
        if isinstance(config.charts, OciCharts) and not spec.ships:
            yield _chart(spec, component, config.charts.repository)
        for sub in spec.sub_components:
            own: SubComponent = getattr(component, sub.attribute)
            if own.enabled:
                yield _image(spec, sub, own)


def _chart(spec: ComponentSpec, component: Component, repository: str) -> Pin:
    given = component.chart
    return Pin(
        path=("components", spec.name, "chart"),
        kind="chart",
        name=spec.chart_name,
        repository=repository,
        tag=given.version if given else spec.version,
        digest=given.digest if given else None,
    )


def _image(spec: ComponentSpec, sub: SubComponentSpec, own: SubComponent) -> Pin:
    repository, tag = sub.default_image
    repository = own.image.repository or repository
    return Pin(
        path=("components", spec.name, to_camel(sub.attribute), "image"),
        kind="image",
        name=repository.rpartition("/")[2],
        repository=repository,
        tag=own.image.tag or tag,
        digest=own.image.digest,
        followed=own.image.follow is not None,
    )
