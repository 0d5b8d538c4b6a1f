"""Pods that may not run as root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["rootless"]


def rootless(config: Settings, *sub_components: str) -> Values:
    """The values by which the charts run without root, on a cluster that wants it; not all sub-charts know them."""
    if not config.is_rootless:
        return {}
    return {name: {"noRoot": True} for name in sub_components}
