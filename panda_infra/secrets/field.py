"""One secret value of a stack: its purpose, its origin, and the Secrets that contain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr

from panda_infra.config.model_keys import attributes
from panda_infra.config.paths import Path, spelled
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import Reader, filled_elsewhere, readers
from panda_infra.products.secret_values import SecretValue

__all__ = ["Field", "Readers", "names_at", "value_of"]

Readers = Mapping[str, tuple[Reader, ...]]


@dataclass(frozen=True, kw_only=True)
class Field(SecretValue):
    """A secret value at its ``path`` below ``secrets`` of the stack file."""

    path: Path

    @property
    def key(self) -> str:
        """The path as on the command line, e.g. ``panda.databasePassword``."""
        return spelled(self.path)

    def reaches(self, config: StackConfig, known: Readers | None = None) -> dict[str, tuple[Reader, ...]]:
        """The Secrets of this stack that hold the value, with their readers.

        ``known`` are all readers of the stack, for those who ask for many values.
        """
        read = readers(config) if known is None else known
        return {
            suffix: read[suffix]
            for suffix in self.secrets
            if suffix in read and not self._replaced(config, suffix)
        }

    def is_required(self, config: StackConfig, known: Readers | None = None) -> bool:
        """True if the stack needs the value; one that is only for Secrets provided by somebody else is not needed."""
        own = self.reaches(config, known).keys() - filled_elsewhere(config)
        return bool(own or not self.secrets) and self.needed(config)

    def _replaced(self, config: StackConfig, suffix: str) -> bool:
        return suffix in self.replaced and value_of(config.secrets, self.replaced[suffix]) is not None


def value_of(secrets: Secrets, path: Path) -> SecretStr | None:
    """The value at a path below ``secrets``; None if it is not set or empty."""
    found = _at(secrets, path)
    return found if isinstance(found, SecretStr) and found.get_secret_value() else None


def names_at(secrets: Secrets, path: Path) -> tuple[str, ...]:
    """The names of the values in the mapping at a path below ``secrets``."""
    found = _at(secrets, path)
    return tuple(map(str, found)) if isinstance(found, Mapping) else ()


def _at(secrets: Secrets, path: Path) -> object:
    here: object = secrets
    for part in path:
        if isinstance(here, BaseModel):
            here = getattr(here, attributes(type(here))[str(part)])
        elif isinstance(here, Mapping):
            here = here.get(part)
    return here
