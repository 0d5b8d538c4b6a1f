"""HTTP proxies between the pods and the outside world."""

from typing import TYPE_CHECKING, Annotated

from panda_infra.config.base import Form, Model
from panda_infra.products.settings import Url
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["ProxySettings", "proxy_values"]


class ProxySettings(Model):
    """The HTTP proxies that pods use."""

    http_proxy: Url | None = None
    """Proxy for http addresses."""
    https_proxy: Url | None = None
    """Proxy for https addresses; default: that for http."""
    no_proxy: (
        Annotated[str, Form(r"[^\s\"'\\]+", "a comma-separated list of hosts", "localhost,.cern.ch")] | None
    ) = None
    """Hosts to reach without a proxy; default: this stack's own Services."""


def proxy_values(config: "Settings", sub_component: str) -> Values:
    """The values of a sub-chart that supports proxies; empty without a proxy."""
    given = config.of(ProxySettings).model_dump(by_alias=True, exclude_none=True)
    return (
        {sub_component: {key: value for key, value in given.items() if value}} if any(given.values()) else {}
    )
