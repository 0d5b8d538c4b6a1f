"""Finds texts that a chart's values must not contain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.config.paths import spelled
from panda_infra.tree import texts

__all__ = ["TELLING", "latest_images", "plain_secrets"]

TELLING = re.compile(
    r"\w*(password|passwd|secret_?key|private_?key|api_?key|access_?key|token)", re.IGNORECASE
)


def latest_images(values: Mapping[str, Any]) -> Iterator[str]:
    """The paths of images whose content changes without notice."""
    for path, text in texts(values):
        tagged = path[-1] == "tag" and text == "latest"
        if tagged or (path[-1] in ("image", "repository") and text.endswith(":latest")):
            yield spelled(path)


def plain_secrets(values: Mapping[str, Any]) -> Iterator[str]:
    """The paths of texts whose key looks like a secret: Helm would store them in its release record."""
    for path, text in texts(values):
        if text and TELLING.fullmatch(str(path[-1])):
            yield spelled(path)
