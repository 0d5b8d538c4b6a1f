"""OIDC: who issues tokens, and the clients that PanDA and iDDS accept."""

from typing import Annotated, Literal

from panda_infra.config.base import Form, Model
from panda_infra.config.settings.base import Url, Word

__all__ = ["AuthSettings", "InternalClient", "OidcClient", "TokenCache"]

ClientId = Annotated[
    str,
    Form(
        r"[^\s\"'\\%,]+",
        "a client id without spaces, commas, quotes, backslashes and %",
        "panda-client",
        longest=256,
    ),
]


class OidcClient(Model):
    """A VO and the client with which its members get tokens.

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
