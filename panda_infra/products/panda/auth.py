"""OIDC: the issuer of tokens, and the clients that PanDA and iDDS accept."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.products.secret_values import NamedSecretValues, SecretValue, never
from panda_infra.products.settings import Url, Word

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "AuthSecrets",
    "AuthSettings",
    "ClientId",
    "InternalClient",
    "OidcClient",
    "TokenCache",
    "WebClientId",
]

ClientId = Annotated[
    str,
    Form(
        r"[^\s\"'\\%,]+",
        "a client id without spaces, commas, quotes, backslashes and %",
        "panda-client",
        longest=256,
    ),
]
WebClientId = Annotated[
    str,
    Form(
        r"[^\s\"'\\%{}]+",
        "a client id without spaces, quotes, backslashes, braces and %",
        "panda-bigmon",
        longest=256,
    ),
]


class OidcClient(Model):
    """A VO and the OIDC client of its members.

    Everything about it, its secret in `secrets.auth.clientSecrets` included, is served to the world under
    `/auth/` of the PanDA server: that is how PanDA's clients find it (T2).
    """

    name: Word
    """Name of the VO, e.g. `Rubin` or `Rubin.production`."""
    client_id: ClientId
    """Client that is registered for it."""
    robot_ids: tuple[ClientId, ...] = ()
    """Subjects that count as robots."""
    audience: Url | None = None
    """Audience of its tokens; default: that of `auth`."""
    config_url: Url | None = None
    """Discovery document of its issuer; default: that of `auth`."""
    jwt_profile: Word | None = None
    """Profile of its tokens, for issuers other than IAM."""


class InternalClient(Model):
    """The client with which PanDA's services call each other by short-lived tokens."""

    client_id: ClientId
    """Client that is registered for it; its secret is `secrets.auth.internalClientSecret`."""
    token_endpoint: Url | None = None
    """Where it gets tokens; default: that of `auth`."""
    config_url: Url | None = None
    """Discovery document of its issuer; default: that of `auth`."""


class TokenCache(Model):
    """The client with which the PanDA server exchanges tokens for pilots."""

    client_name: Word = "pilot_server"
    """Name of the client in the token cache."""
    client_id: ClientId
    """Client that is registered for it; its secret is `secrets.auth.tokenCacheSecret`."""
    token_endpoint: Url | None = None
    """Where it gets tokens; default: that of `auth`."""


class AuthSettings(Model):
    """Issuer, audience and clients of tokens."""

    kind: Literal["oidc", "x509_no_grid"] = "oidc"
    """How iDDS authenticates at the PanDA server."""
    vo: Word = "panda_dev"
    """VO under which PanDA's services call each other."""
    issuer: Url | None = None
    """Issuer of tokens, as clients reach it; default: the address of `iam`."""
    audience: Url | None = None
    """Audience of tokens; default: the exposed host of the PanDA server."""
    config_url: Url | None = None
    """Discovery document; default: the issuer's."""
    token_endpoint: Url | None = None
    """Token endpoint; default: IAM's, `<issuer>/token`."""
    clients: tuple[OidcClient, ...] = ()
    """VOs and their clients."""
    internal: InternalClient | None = None
    """Short-lived tokens for internal calls; without it `secrets.auth.idToken`, a long-lived one, is used."""
    token_cache: TokenCache | None = None
    """Exchange of pilots' tokens."""


def _needs_long_lived_token(config: "Settings") -> bool:
    # A stack whose own IAM issues tokens has no token before IAM runs.
    return config.of(AuthSettings).internal is None and "iam" not in config.components.deployed()


class AuthSecrets(Model):
    """Tokens and secrets of OIDC clients."""

    id_token: Annotated[
        SecretStr | None,
        SecretValue(
            title="long-lived token for internal calls",
            needed=_needs_long_lived_token,
        ),
    ] = None
    """Long-lived token for internal calls."""
    internal_client_secret: Annotated[
        SecretStr | None,
        SecretValue(
            title="secret of the internal client",
            needed=lambda config: config.of(AuthSettings).internal is not None,
        ),
    ] = None
    """Secret of the internal client."""
    token_cache_secret: Annotated[
        SecretStr | None,
        SecretValue(
            title="secret of the client that exchanges pilots' tokens",
            needed=lambda config: config.of(AuthSettings).token_cache is not None,
        ),
    ] = None
    """Secret of the client that exchanges pilots' tokens."""
    client_secrets: Annotated[
        dict[str, SecretStr],
        NamedSecretValues(
            where="auth.clients",
            names=lambda config: tuple(client.name for client in config.of(AuthSettings).clients),
            value=lambda name: SecretValue(
                title=f"secret of the client of {name}, which the PanDA server shows to the world",
                needed=never,
            ),
        ),
    ] = {}
    """Secret of each VO's client, by the VO's name. PanDA serves these to the world: only for clients whose secret
    protects nothing."""
