"""Rucio's servers and account."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.config.scalars import Scalar
from panda_infra.products.imports import Imports
from panda_infra.products.secret_values import SecretValue
from panda_infra.products.settings import Address, Word

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["IMPORTS", "PROXIES", "RucioSecrets", "RucioSettings"]

PROXIES = ("*.proxy",)
"""Grid proxies beside a certificate; Rucio's client reads the file again at each log-in."""


class RucioSettings(Model):
    """Rucio's servers, and the account to log in with."""

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
    """Tokens are refreshed this many minutes before they expire."""


def _by_password(config: "Settings") -> bool:
    rucio = config.of(RucioSettings)
    return rucio.host is not None and rucio.auth_type == "userpass"


class RucioSecrets(Model):
    """Secrets of Rucio."""

    password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the Rucio user",
            needed=_by_password,
        ),
    ] = None
    """Password of the Rucio user."""


# The folder where the server mounts its files.
_MOUNTED = "/opt/panda/etc/cert/"


def _refreshed(value: Scalar) -> bool:
    """The chart treats an unquoted false as unset, and unset as true."""
    text = value.rendered if value.true else "true"
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _file_name(value: Scalar) -> str:
    if not value.text.startswith(_MOUNTED):
        raise ValueError(value.text)
    return value.text.removeprefix(_MOUNTED)


IMPORTS = Imports(
    texts={
        "rucioHost": "host",
        "authHost": "authHost",
        "account": "account",
        "username": "username",
        "authType": "authType",
        "caCert": "caCertificates",
        "oidcAudience": "oidcAudience",
        "oidcScope": "oidcScope",
        "oidcIssuer": "oidcIssuer",
    },
    numbers={"oidcRefreshBeforeExp": "oidcRefreshMinutes"},
    converted={
        "clientX509Proxy": ("proxy", _file_name),
        "oidcRefreshActive": ("oidcRefresh", _refreshed),
    },
    secrets={"password": "password"},
    may_be_empty=(
        "rucioHost",
        "account",
        "authType",
        "caCert",
        "oidcAudience",
        "oidcScope",
        "oidcIssuer",
        "oidcRefreshActive",
        "oidcRefreshBeforeExp",
    ),
    derived=(("authHost",), ("username",)),
)
