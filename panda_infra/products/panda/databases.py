"""Databases that components share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.products.panda.components.panda.models import Panda

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["has_own_user"]


def has_own_user(config: Settings, user: str | None) -> bool:
    """True if a component logs in to PanDA's database as another user than PanDA."""
    panda = config.components.get(Panda)
    return user is not None and not (panda and user == panda.settings.database.user)
