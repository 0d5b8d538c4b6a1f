"""Which secrets the program can make by itself."""

from __future__ import annotations

from panda_infra.config.stack import StackConfig
from panda_infra.secrets.field import Field

__all__ = ["can_be_made"]


def can_be_made(field: Field, config: StackConfig) -> bool:
    """Whether a new value is as good as any: not for what others know too, such as an external database."""
    return field.make is not None and not field.shared(config)
