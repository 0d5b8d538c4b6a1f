"""What PanDA reaches outside the stack: Rucio, CRIC, HTTP proxies."""

from typing import Annotated, Literal

from panda_infra.config.base import Form, Model
from panda_infra.config.settings.base import Address, Url, Word

__all__ = ["CricSettings", "CricUrls", "ProxySettings", "RucioSettings"]

# CRIC's queries hold brackets, commas and percent signs, which only a quote or a space would end.
CricUrl = Annotated[
    str,
    Form(
        r"https?://[^\s\"'\\]+",
        "a URL without spaces and quotes",
        "https://datalake-cric.cern.ch/api/atlas/site/query/?json",
    ),
]


# The instance that every experiment outside ATLAS' production shares.
_CRIC = "https://datalake-cric.cern.ch/api/atlas"


class RucioSettings(Model):
    """Rucio's servers and the account at them."""

    host: Address | None = None
    """Rucio server with its port; without it PanDA has no Rucio."""
    auth_host: Address | None = None
    """Rucio's authentication server; default: the same host."""
    account: Word | None = None
    """Rucio account."""
    auth_type: Literal["userpass", "x509_proxy", "oidc"] = "userpass"
    """How to log in."""
    username: Word | None = None
    """User for userpass; default: the account. Its password is `secrets.rucio.password`."""
    proxy: Annotated[
        str, Form(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.proxy", "a file name that ends with .proxy", "rucio.proxy")
    ] = "rucio.proxy"
    """Name of the proxy for x509_proxy among `secrets.files.panda`."""
    ca_certificates: Annotated[
        str, Form(r"/[\w./-]*", "an absolute path", "/etc/grid-security/certificates/")
    ] = "/etc/grid-security/certificates/"
    """Folder or file of CA certificates inside the pods."""
    oidc_audience: Word = "rucio"
    """Audience for oidc."""
    oidc_scope: str = "openid profile offline_access"
    """Scopes for oidc."""
    oidc_issuer: Word = "wlcg"
    """Issuer for oidc."""
    oidc_refresh: bool = True
    """Whether tokens are refreshed."""
    oidc_refresh_minutes: int = 20
    """Minutes before their end that tokens are refreshed."""


class CricUrls(Model):
    """CRIC's addresses for each of its lists; default: those of the data lake's CRIC at CERN."""

    sites: CricUrl = f"{_CRIC}/site/query/?json"
    """Sites."""
    panda_queues: CricUrl = f"{_CRIC}/pandaqueue/query/?json"
    """PanDA queues."""
    ddm_endpoints: CricUrl = f"{_CRIC}/ddmendpoint/query/?json"
    """Storage endpoints."""
    ddm_blacklist: CricUrl | None = f"{_CRIC}/ddmendpointstatus/query/?json&activity=write_wan&fstate=OFF"
    """Storage endpoints that are off."""
    cost_matrix: CricUrl | None = None
    """Cost matrix of links."""
    object_stores: CricUrl | None = None
    """Object stores; default: the storage endpoints."""
    tags: CricUrl | None = None
    """Software tags."""


class CricSettings(Model):
    """CRIC itself, or JSON files instead of it."""

    real: bool | None = None
    """true: ask CRIC under `urls`. false: use the files of `folder`. Default: true for experiments that CRIC knows."""
    urls: CricUrls | None = None
    """Addresses of CRIC; default for experiments that CRIC knows: those of the data lake's CRIC at CERN."""
    folder: Annotated[str, Form(r"[\w./-]+", "a path relative to the project", "cric_jsons")] = "cric_jsons"
    """Folder with sites.json, panda_queues.json and ddm_endpoints.json, and optionally ddm_blacklist.json, cm.json
    and ddm_objectstores.json."""


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
