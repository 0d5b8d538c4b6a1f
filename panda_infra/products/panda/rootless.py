"""Pods that may not run as root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["rootless"]


def rootless(config: Settings, *sub_components: str) -> Values:
    """The values for pods without root, on a cluster that requires it; not all sub-charts support them."""
    if not config.is_rootless:
        return {}
    return {name: {"noRoot": True} for name in sub_components}
