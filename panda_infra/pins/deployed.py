"""The images that the last runs of stacks have deployed, as the engine's state has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.errors import PandaInfraError
from panda_infra.plan.data import Deployed
from panda_infra.products.model import ComponentSpec
from panda_infra.products.registry import COMPONENTS
from panda_infra.state.recorded import Recorded

__all__ = ["DeployedImage", "Wanted", "deployed_images", "images_beside", "wanted"]

_REFERENCE = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._/-]*(:[0-9]+/[A-Za-z0-9._/-]+)?)?(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]*))?"
    r"(@?(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, order=True)
class DeployedImage:
    """An image of a release: where its values name it, or the name of the sub-component that has the chart's own.

    ``component`` and ``release`` are empty for what the stack has beside its releases; ``where`` is then the object.
    ``digest`` is empty if the tag alone chose the image.
    """

    component: str
    release: str
    where: str
    repository: str
    tag: str
    digest: str


@dataclass(frozen=True)
class Wanted:
    """An image to look for; each empty part matches everything."""

    name: str = ""
    tag: str = ""
    digest: str = ""

    def fits(self, image: DeployedImage) -> bool:
        """True if it is this image; a name matches every repository that ends with it, in any registry."""
        named = f"/{image.repository}".endswith(f"/{self.name}") if self.name else True
        return named and self.tag in ("", image.tag) and self.digest in ("", image.digest)


def wanted(text: str) -> Wanted:
    """The image that a text describes: ``[REGISTRY/]NAME[:TAG][@sha256:...]``, or a digest alone.

    Raises:
        PandaInfraError: the text is none of these.
    """
    if re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        return Wanted(digest=text)
    match = _REFERENCE.fullmatch(text)
    if not text or match is None:
        raise PandaInfraError(
            f"{text!r} names no image: write e.g. rucio/rucio-server, rucio/rucio-server:release-41.5.1, or sha256:..."
        )
    return Wanted(**{key: match[key] or "" for key in ("name", "tag", "digest")})


def deployed_images(releases: Mapping[str, Deployed]) -> list[DeployedImage]:
    """The images of the releases of a stack by component, sorted."""
    return sorted({image for name, release in releases.items() for image in _images(name, release)})


def images_beside(state: Recorded) -> list[DeployedImage]:
    """The images of a stack's objects that belong to no release, such as the jobs of its backups, sorted."""
    return sorted(
        DeployedImage("", "", f"{kind} {name}", *_parts(image))
        for (kind, _, name), images in state.images.items()
        for image in images
    )


def _parts(image: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image; the last two may be empty."""
    named, _, digest = image.partition("@")
    folder, slash, name = named.rpartition("/")
    name, _, tag = name.partition(":")
    return f"{folder}{slash}{name}", tag, digest


def _images(component: str, release: Deployed) -> Iterator[DeployedImage]:
    spec = COMPONENTS.get(component)
    defaults = {sub.name: sub.chart_image for sub in spec.sub_components} if spec else {}
    for where, image in _named(release.values, ()):
        repository, tag = defaults.get(where.partition(".")[0], ("", ""))
        whole = str(image.get("tag") or tag)
        plain, _, digest = whole.partition("@")
        given = str(image.get("repository") or repository)
        yield DeployedImage(
            component, release.name, where, given, plain, digest or str(image.get("digest") or "")
        )
    if spec and spec.chart_form is None:
        yield from _of_the_chart(spec, release)


def _of_the_chart(spec: ComponentSpec, release: Deployed) -> Iterator[DeployedImage]:
    """The chart's own images, of sub-components whose values name none."""
    for sub in spec.sub_components:
        values = release.values.get(sub.name) or {}
        if values.get("enabled", not sub.switchable) and not values.get("image"):
            yield DeployedImage(spec.name, release.name, sub.name, *sub.chart_image, "")


def _named(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each mapping under a key ``image`` with a repository or a tag, with the keys above it.

    Values of sub-components that are switched off describe nothing that runs.
    """
    if not isinstance(value, Mapping) or value.get("enabled") is False:
        return
    for key, below in value.items():
        if key == "image" and isinstance(below, Mapping) and {"repository", "tag"} & below.keys():
            yield ".".join((*path, key)), below
        else:
            yield from _named(below, (*path, str(key)))
