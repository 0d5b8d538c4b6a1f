"""Rules about the releases of programs that several components share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic.alias_generators import to_camel

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = ["rucio_has_one_release"]

_RUCIO = ("rucio", "rucio-bootstrap", "rucio-config", "rucio-daemons")
# A third number corrects faults and needs no other tables.
_RELEASE = re.compile(r"\d+\.\d+")


@rule("components")
def rucio_has_one_release(subject: Subject) -> Iterator[Problem]:
    """Server, daemons and jobs must know the tables, which the image of `rucio-bootstrap` makes and migrates."""
    running = dict(_tags(subject))
    releases = {key: found[0] for key, tag in running.items() if (found := _RELEASE.search(tag))}
    known, *others = [key for key in running if key in releases] or [""]
    for key in others:
        if releases[key] != releases[known]:
            what = f"is of Rucio {releases[key]}, and {known} of {releases[known]}: they share the tables"
            yield Problem(
                key, what, f"Write tags of one release in both, e.g. `image: {{tag: {running[known]}}}`."
            )


def _tags(subject: Subject) -> Iterator[tuple[str, str]]:
    """The tag of each component's image by its key; all daemons have one image."""
    for name in _RUCIO:
        component = subject.config.components.deployed().get(name)
        for sub in COMPONENTS[name].sub_components if component else ():
            part = getattr(component, sub.attribute)
            if part.enabled:
                yield (
                    f"components.{name}.{to_camel(sub.attribute)}.image",
                    part.image.tag or sub.default_image[1],
                )
                break
