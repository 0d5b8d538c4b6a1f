"""A part of this program as a ConfigMap, for pods that run it with Python alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["ProgramFiles"]

_SOURCES = Path(__file__).resolve().parent


@dataclass(frozen=True)
class ProgramFiles:
    """The sources that match patterns below the package, in the order of the patterns."""

    patterns: tuple[str, ...]

    @cached_property
    def data(self) -> Mapping[str, str]:
        """The content of the ConfigMap: each source by its key."""
        return {_key(path): path.read_text() for path in self._paths}

    def volume(self, config_map: str) -> dict[str, Any]:
        """The volume ``program`` of a pod, in which each source has its own place again."""
        return {"name": "program", "configMap": {"name": config_map, "items": self.items}}

    @property
    def items(self) -> list[dict[str, str]]:
        """The place of each source in a volume, by its key."""
        return [{"key": _key(path), "path": str(_below(path))} for path in self._paths]

    @cached_property
    def _paths(self) -> tuple[Path, ...]:
        return tuple(path for pattern in self.patterns for path in sorted(_SOURCES.glob(pattern)))


def _below(path: Path) -> Path:
    """The place of a source below the folder of the program."""
    return path.relative_to(_SOURCES.parent)


def _key(path: Path) -> str:
    """A key of a ConfigMap has no slash."""
    return ".".join(_below(path).parts)
