"""One secret value: what it is for, where it comes from, and which Secrets it ends up in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, SecretStr

from panda_infra.config.paths import Path, spelled
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import Reader, existing_secrets, readers
from panda_infra.secrets.limits import Limit

__all__ = ["Field", "Origin", "Predicate", "value_of"]

Origin = Literal["password", "django-key", "hash-key", "keystore", "person"]
Predicate = Callable[[StackConfig], bool]


@dataclass(frozen=True)
class Field:
    """A secret value.

    ``path`` is its place below ``secrets`` of the stack file and ``title`` what it is. ``origin`` tells how a new one
    is made; ``person`` means that only somebody at the site knows it. ``suffixes`` are the Secrets that it is part
    of. ``limits`` maps a reader to what that cannot take. ``needed`` narrows when a stack that has one of those
    Secrets cannot do without. ``is_file`` values are files, whose bytes no reader changes.
    """

    path: Path
    title: str
    origin: Origin
    suffixes: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    needed: Predicate = lambda _config: True
    is_file: bool = False
    # Another value, by its path, that a Secret takes instead of this one when it is set.
    replaced: Mapping[str, Path] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The path as the command line takes it, e.g. ``panda.databasePassword``."""
        return spelled(self.path)

    def reaches(self, config: StackConfig) -> dict[str, tuple[Reader, ...]]:
        """The Secrets of this stack that hold the value, with their readers."""
        read = readers(config)
        return {
            suffix: read[suffix]
            for suffix in self.suffixes
            if suffix in read and not self._replaced(config, suffix)
        }

    def is_required(self, config: StackConfig) -> bool:
        """Whether the stack cannot do without; what only fills Secrets that somebody else provides is not."""
        own = self.reaches(config).keys() - existing_secrets(config).keys()
        return bool(own or not self.suffixes) and self.needed(config)

    def _replaced(self, config: StackConfig, suffix: str) -> bool:
        return suffix in self.replaced and value_of(config.secrets, self.replaced[suffix]) is not None


def value_of(secrets: Secrets, path: Path) -> SecretStr | None:
    """The value at a path below ``secrets``; None when it is not set or empty."""
    here: object = secrets
    for part in path:
        if isinstance(here, BaseModel):
            aliases = {info.alias or name: name for name, info in type(here).model_fields.items()}
            here = getattr(here, aliases[str(part)])
        elif isinstance(here, Mapping):
            here = here.get(part)
    return here if isinstance(here, SecretStr) and here.get_secret_value() else None
