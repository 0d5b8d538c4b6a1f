"""What must not stand in a chart's values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.config.paths import Path, spelled

__all__ = ["TELLING", "latest_images", "plain_secrets", "texts"]

TELLING = re.compile(
    r"\w*(password|passwd|secret_?key|private_?key|api_?key|access_?key|token)", re.IGNORECASE
)


def latest_images(values: Mapping[str, Any]) -> Iterator[str]:
    """Where an image is named that changes its content without notice."""
    for path, text in texts(values):
        tagged = path[-1] == "tag" and text == "latest"
        if tagged or (path[-1] in ("image", "repository") and text.endswith(":latest")):
            yield spelled(path)


def plain_secrets(values: Mapping[str, Any]) -> Iterator[str]:
    """Where a key promises a secret and holds a text, which Helm would keep in its release record."""
    for path, text in texts(values):
        if text and TELLING.fullmatch(str(path[-1])):
            yield spelled(path)


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text inside of nested mappings and lists, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))
