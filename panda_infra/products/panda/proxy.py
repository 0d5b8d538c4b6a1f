"""HTTP proxies between the pods and the outside world."""

from typing import Annotated

from panda_infra.config.base import Form, Model
from panda_infra.products.imports import Imports
from panda_infra.products.settings import Url

__all__ = ["IMPORTS", "ProxySettings"]


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


IMPORTS = Imports(
    texts={"httpProxy": "httpProxy", "httpsProxy": "httpsProxy", "noProxy": "noProxy"},
    may_be_empty=("httpProxy", "httpsProxy", "noProxy"),
)
