"""The tables that the images of a plan need in their databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.images import RunImage, run_image
from panda_infra.plan.model import Plan, Release
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.schemas import Schema, in_order

__all__ = ["Needed", "needed"]


@dataclass(frozen=True)
class Needed:
    """The tables that a component needs: of at least ``version``, None if it is not known.

    ``image`` is the one that needs the most, ``where`` the key of the stack file behind it. It is ``sure`` unless the
    image is later than all that the program knows, and may need more.
    """

    schema: Schema
    where: str
    image: str
    version: str | None
    sure: bool = True


def needed(plan: Plan) -> Iterator[Needed]:
    """The tables that each component of a plan needs, if they do not come by themselves."""
    for release in plan.releases:
        schema = COMPONENTS[release.component].schema
        if schema is None:
            continue
        key, stated = f"components.{release.component}", schema.stated(plan.config)
        found = [_of(schema, f"{key}.{name}.image", image) for name, image in _images(plan, release, schema)]
        if stated:
            images = ", ".join(dict.fromkeys(each.image for each in found))
            yield Needed(schema, f"{key}.{schema.key}", images, stated)
        elif unknown := next((each for each in found if each.version is None), None):
            yield unknown
        elif found:
            yield max(found, key=lambda each: in_order(each.version or "0"))


def _images(plan: Plan, release: Release, schema: Schema) -> Iterator[tuple[str, RunImage | None]]:
    """The images of the parts that need tables; None where another version of the chart brings its own."""
    spec = COMPONENTS[release.component]
    usual = release.chart.version == spec.version
    component = plan.config.components.deployed()[release.component]
    for sub, _ in enabled_sub_components(spec, component):
        if sub.name in schema.parts:
            image = run_image(sub, release.values.get(sub.name) or {})
            yield sub.name, image if image.given or usual else None


def _of(schema: Schema, where: str, image: RunImage | None) -> Needed:
    if image is None:
        return Needed(schema, where, "the image that the chart brings", None)
    return Needed(schema, where, str(image), schema.of(image.tag), schema.knows(image.tag))
