"""The images that a release's workloads run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.products.model import SubComponentSpec

__all__ = ["RunImage", "run_image"]


@dataclass(frozen=True)
class RunImage:
    """An image by repository and tag, which may end with a digest; ``given`` is true if the values name the tag."""

    repository: str
    tag: str
    given: bool

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


def run_image(sub: SubComponentSpec, values: Mapping[str, Any]) -> RunImage:
    """The image of a sub-component with these values of its own; the chart's default where they name none."""
    repository, tag = sub.default_image
    own = values.get("image") or {}
    return RunImage(own.get("repository") or repository, own.get("tag") or tag, bool(own.get("tag")))
