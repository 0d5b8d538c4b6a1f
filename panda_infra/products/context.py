"""The input of every product's builders of Secrets: the configuration, the names, the encrypted values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panda_infra.config.secrets import Secrets
    from panda_infra.config.stack import StackConfig
    from panda_infra.products.names import Names

__all__ = ["StackContext"]


@dataclass(frozen=True)
class StackContext:
    """A stack as input of the builders of its Secrets; each product adds the addresses that its own services need."""

    config: StackConfig

    @cached_property
    def names(self) -> Names:
        """Names of releases and Services."""
        return self.config.names

    @property
    def secrets(self) -> Secrets:
        """The encrypted values."""
        return self.config.secrets
