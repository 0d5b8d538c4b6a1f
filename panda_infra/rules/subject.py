"""A stack as input of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import Reader, existing_secrets, readers
from panda_infra.products.content import SecretContent
from panda_infra.secrets.build import build

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """A stack to judge: its configuration, its name for the commands in fixes, the project's ``folder``.

    ``now`` is the time at which certificates and tokens must be valid. ``strangers`` are components of another product
    that the stack names; the configuration is without them. Only a ``thorough`` judgement proves secret values that
    were proved when they were set.
    """

    config: StackConfig
    stack: str
    folder: Path = Path()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    strangers: tuple[str, ...] = ()
    thorough: bool = True

    @cached_property
    def readers(self) -> Mapping[str, tuple[Reader, ...]]:
        """The readers of each Secret that the stack needs, by suffix."""
        return readers(self.config)

    @cached_property
    def existing_secrets(self) -> Mapping[str, str]:
        """The Secrets that somebody else provides, each with the component that names it."""
        return existing_secrets(self.config)

    @cached_property
    def contents(self) -> Mapping[str, SecretContent]:
        """The content of each Secret that the stack makes, by suffix.

        Raises:
            ValueError, UnreadableContentError: a file is not base64 or cannot be read; other rules report it.
        """
        return build(self.config)
