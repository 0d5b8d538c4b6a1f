"""Settings of INDIGO IAM in a stack file, and its encrypted values."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.products.panda.components.iam_db import IamDb
from panda_infra.products.panda.keystore import check_keystore, make_keystore, prove_keystore
from panda_infra.products.panda.limits import FLYWAY, SHELL, SPRING
from panda_infra.products.secret_values import KEPT_BY_DATABASE, SecretValue, password
from panda_infra.products.settings import ComponentSettings, Host, Identifier, Port, SpringText, Url, Word
from panda_infra.products.workloads import Component, Replicated, SubComponent

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "Iam",
    "IamDatabase",
    "IamSecrets",
    "IamSettings",
    "IdentityProvider",
    "Logo",
    "Mail",
    "MailAddress",
]

MailAddress = Annotated[
    str, Form(r"[^\s@\"'\\{}]+@[A-Za-z0-9.-]+", "a mail address", "panda-admins@cern.ch", longest=254)
]


Logo = Annotated[
    str,
    Form(
        r"(https?://|resources/)[^\s\"'\\<>{}]+",
        "a URL, or a path below resources/ of the image",
        "resources/images/indigo-logo.png",
    ),
]


class IamDatabase(Model):
    """IAM's MariaDB: an embedded one, or one elsewhere."""

    host: Host | None = None
    """Host of an external database; without it the database inside `iam`, else that of `iam-db` is used."""
    name: Identifier = "iam_db"
    """Name of the database."""
    user: Identifier = "iam"
    """User of the database."""


class IdentityProvider(Model):
    """The OpenID provider that people log in with."""

    name: Word = "cilogon"
    """Name inside IAM; part of the redirect address."""
    issuer: Url = "https://cilogon.org"
    """Issuer of its tokens."""
    client_id: SpringText
    """Client that is registered there for this IAM."""
    scope: SpringText = "openid,profile,email,org.cilogon.userinfo"
    """Scopes to ask for."""
    button: SpringText = "Your ID Provider"
    """Text of the log-in button."""


class Mail(Model):
    """Mail relay of IAM, without authentication."""

    host: Host
    """Mail server."""
    port: Port = 587
    """Its port."""
    sender: MailAddress
    """Sender of notifications."""
    administrators: MailAddress
    """Recipient of messages about requests."""


class IamSettings(ComponentSettings):
    """Pages, log-in and database of IAM."""

    base_url: Url | None = None
    """Address and issuer of IAM; default: its exposed host."""
    profiles: tuple[Word, ...] = ("prod", "registration")
    """Spring profiles; `oidc` is added when there is an identity provider."""
    database: IamDatabase = IamDatabase()
    """IAM's database."""
    identity_provider: IdentityProvider | None = None
    """Where people log in; without it only with IAM's own accounts."""
    mail: Mail | None = None
    """Mail relay; without it IAM sends no notifications."""
    organisation: SpringText | None = None
    """Name of the organisation; default: the experiment's."""
    title: SpringText | None = None
    """Title of the pages; default: PanDA and the organisation."""
    logo_url: Logo = "resources/images/indigo-logo.png"
    """Logo of the pages."""
    logo_height: Annotated[str, Form(r"\d{1,4}", "a number of pixels in quotes", "200")] = "200"
    """Height of the logo."""
    logo_width: Annotated[str, Form(r"\d{1,4}", "a number of pixels in quotes", "200")] = "200"
    """Width of the logo."""
    superuser: Identifier = "superuser"
    """Name of IAM's first administrator, who gets `secrets.iam.superuserPassword` when IAM makes its tables."""
    authn_info_in_tokens: bool = True
    """Put e-mail and names into access tokens."""
    external_authentication: bool = True
    """Whether a registration needs a log-in at the identity provider."""
    local_login: Literal["visible", "hidden", "hidden-with-link"] = "hidden"
    """Whether the log-in page shows the form for IAM's own accounts."""
    local_login_for: Literal["all", "vo-admins", "none"] = "vo-admins"
    """Who may use IAM's own accounts."""
    client_registration_for: Literal["ANYONE", "REGISTERED_USERS", "ADMINISTRATORS"] = "REGISTERED_USERS"
    """Who may register clients."""
    health_probe: Url | None = None
    """Address that IAM's health check asks to see the outside world; without it that check is off."""


class Iam(Component):
    """INDIGO IAM, the identity provider."""

    main: Replicated = Replicated()
    """The login service."""
    mariadb: SubComponent = SubComponent(enabled=False)
    """A database inside this component; alternative to iam-db."""
    settings: IamSettings = IamSettings()
    """Organisation, profiles, database."""


def _external_database(config: "Settings") -> bool:
    iam = config.components.get(Iam)
    return iam is not None and iam.settings.database.host is not None


def _embedded_database(config: "Settings") -> bool:
    """True if a database runs in this stack: inside `iam`, or as `iam-db`."""
    found = (config.components.get(Iam), config.components.get(IamDb))
    return any(each.mariadb.enabled for each in found if each)


def _has_provider(config: "Settings") -> bool:
    iam = config.components.get(Iam)
    return iam is not None and iam.settings.identity_provider is not None


class IamSecrets(Model):
    """Secrets of INDIGO IAM."""

    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of IAM's database",
            make=password,
            shared=_external_database,
            secrets=("iam-envs", "iam-db-envs", "iam-initdb"),
            limits={"iam/main": SPRING, "iam-db/backup": SHELL},
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of IAM's database."""
    database_root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the administrator of IAM's embedded database",
            make=password,
            secrets=("iam-db-envs",),
            needed=_embedded_database,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the embedded database's administrator."""
    superuser_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="first password of IAM's superuser",
            make=password,
            secrets=("iam-conf",),
            limits={"iam/main": FLYWAY},
            needed=lambda config: config.components.get(Iam) is not None,
            consequence="an IAM that has its tables keeps its passwords; change it there",
        ),
    ] = None
    """First password of IAM's superuser."""
    identity_provider_secret: Annotated[
        SecretStr | None,
        SecretValue(
            title="secret of IAM's client at the identity provider",
            secrets=("iam-envs",),
            limits={"iam/main": SPRING},
            needed=_has_provider,
        ),
    ] = None
    """Secret of the client at the identity provider."""
    keystore: Annotated[
        SecretStr | None,
        SecretValue(
            title="keys with which IAM signs tokens",
            make=make_keystore,
            # iam-envs has the name of the key that signs.
            secrets=("iam-conf", "iam-envs"),
            needed=lambda config: config.components.get(Iam) is not None,
            flaw=check_keystore,
            proof=prove_keystore,
            is_file=True,
            consequence="tokens that were issued with the old keys are worth nothing after the next up",
        ),
    ] = None
    """JSON Web Key Set with the private RSA keys that sign tokens."""
