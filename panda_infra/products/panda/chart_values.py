"""Values that several of PanDA's charts read: pods without root, and HTTP proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.products.panda.proxy import ProxySettings
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["proxy_values", "rootless"]


def proxy_values(config: Settings, sub_component: str) -> Values:
    """The values of a sub-chart that supports proxies; empty without a proxy."""
    given = config.of(ProxySettings).model_dump(by_alias=True, exclude_none=True)
    return (
        {sub_component: {key: value for key, value in given.items() if value}} if any(given.values()) else {}
    )


def rootless(config: Settings, *sub_components: str) -> Values:
    """The values for pods without root, on a cluster that requires it; not all sub-charts support them."""
    if not config.is_rootless:
        return {}
    return {name: {"noRoot": True} for name in sub_components}
