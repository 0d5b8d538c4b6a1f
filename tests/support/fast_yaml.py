"""YAML by libyaml: the suite reads and writes thousands of files, which takes ten times longer in Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import yaml

__all__ = ["dump", "load", "load_all"]


def load(text: str | bytes | IO[str]) -> Any:
    """The value of the only document."""
    return yaml.load(text, yaml.CSafeLoader)


def load_all(text: str | bytes | IO[str]) -> Iterator[Any]:
    """The value of each document."""
    return iter(yaml.load_all(text, yaml.CSafeLoader))


def dump(value: Any, **options: Any) -> str:
    """A value as one document."""
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, **options))
