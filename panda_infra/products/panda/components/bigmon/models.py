"""Settings of BigMon in a stack file, and its encrypted values."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import Form, Model
from panda_infra.products.panda.auth import WebClientId
from panda_infra.products.panda.components.panda.models import has_own_user
from panda_infra.products.panda.limits import PYTHON
from panda_infra.products.secret_values import (
    KEPT_BY_DATABASE,
    NamedSecretValues,
    SecretValue,
    django_key,
    never,
)
from panda_infra.products.settings import Backend, ComponentSettings, Host, Identifier, Port, Url, Word
from panda_infra.products.workloads import Component, Daemon

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = [
    "AuthProvider",
    "Bigmon",
    "BigmonDatabase",
    "BigmonSecrets",
    "BigmonSettings",
    "PlainText",
    "ProviderName",
]

ProviderName = Literal["CERNOIDC", "Google", "github", "indigoiam"]


# The text is written into Python settings: quotes and backslashes would end it, and ${ would name another variable.
PlainText = Annotated[
    str,
    Form(
        r"([^\s\"'\\$]|\$(?!\{))*",
        "text without spaces, quotes, backslashes and ${",
        "https://logs.cern.ch/{panda_id}",
    ),
]


class BigmonDatabase(Model):
    """PanDA's database as BigMon sees it; keys that are left out are PanDA's."""

    backend: Backend | None = None
    """Kind of database."""
    host: Host | None = None
    """Host or TNS alias."""
    port: Port | None = None
    """Port."""
    name: Identifier | None = None
    """Name of the database; for Oracle the SID at `host` and `port`, or without these two a TNS alias."""
    user: Identifier | None = None
    """User of the database; a user of its own needs `secrets.bigmon.databasePassword`."""


class AuthProvider(Model):
    """A social log-in."""

    client_id: WebClientId
    """Client that is registered there for BigMon."""
    base_path: Url | None = None
    """Address of the provider (indigoiam; default: the stack's own IAM)."""


class BigmonSettings(ComponentSettings):
    """Content and log-in of BigMon."""

    deployment: Literal["ORACLE_ATLAS", "ORACLE_ATLAS_TB", "ORACLE_DOMA", "POSTGRES"] | None = None
    """Kind of installation; default: from the database and the experiment."""
    database: BigmonDatabase = BigmonDatabase()
    """PanDA's database as BigMon sees it."""
    vo: Word | None = None
    """VO to show; default: the VO of `auth`."""
    processes: Annotated[int, Field(ge=1)] = 10
    """WSGI processes of its httpd."""
    debug: bool = False
    """Django's debug mode; shows settings to visitors, never for production."""
    extra_apps: tuple[Word, ...] = ()
    """Django applications that replace BigMon's own optional ones."""
    logs_provider: Literal["rucio", "cric"] = "rucio"
    """Where logs of jobs are looked up."""
    prmon_location: PlainText = ""
    """Address pattern of prmon's output with {queue_name} and {panda_id}; without it through Rucio."""
    providers: dict[ProviderName, AuthProvider] = {}
    """Log-in providers; each needs its `secrets.bigmon.providerSecrets.<name>`."""
    elastic_user: PlainText = ""
    """User of Elasticsearch."""
    mail_user: PlainText = ""
    """User of the mail server."""


class Bigmon(Component):
    """BigMon, the monitor."""

    main: Daemon = Daemon()
    """The monitor."""
    settings: BigmonSettings = BigmonSettings()
    """Deployment, providers, logs."""


_LIMITS = {"bigmon/main": PYTHON}


def _provider_names(config: "Settings") -> tuple[str, ...]:
    bigmon = config.components.get(Bigmon)
    return tuple(bigmon.settings.providers) if bigmon else ()


def _has_own_user(config: "Settings") -> bool:
    bigmon = config.components.get(Bigmon)
    return bigmon is not None and has_own_user(config, bigmon.settings.database.user)


class BigmonSecrets(Model):
    """Secrets of BigMon."""

    secret_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="Django's secret key of BigMon", make=django_key, secrets=("bigmon-envs",), limits=_LIMITS
        ),
    ] = None
    """Django's secret key."""
    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of BigMon's own user of PanDA's database",
            secrets=("bigmon-envs",),
            limits=_LIMITS,
            needed=_has_own_user,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of BigMon's own user of PanDA's database."""
    provider_secrets: Annotated[
        dict[str, SecretStr],
        NamedSecretValues(
            where="components.bigmon.settings.providers",
            names=_provider_names,
            value=lambda name: SecretValue(
                title=f"secret of BigMon's client at {name}", secrets=("bigmon-envs",), limits=_LIMITS
            ),
        ),
    ] = {}
    """Secret of the client at each log-in provider, by the provider's name."""
    prodsys_token: Annotated[
        SecretStr | None,
        SecretValue(
            title="token of the production system", secrets=("bigmon-envs",), limits=_LIMITS, needed=never
        ),
    ] = None
    """Token of the production system."""
    elastic_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of Elasticsearch", secrets=("bigmon-envs",), limits=_LIMITS, needed=never
        ),
    ] = None
    """Password of Elasticsearch."""
    mail_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the mail server", secrets=("bigmon-envs",), limits=_LIMITS, needed=never
        ),
    ] = None
    """Password of the mail server."""
    grafana_token: Annotated[
        SecretStr | None,
        SecretValue(title="token of Grafana", secrets=("bigmon-envs",), limits=_LIMITS, needed=never),
    ] = None
    """Token of Grafana."""
    openshift_token: Annotated[
        SecretStr | None,
        SecretValue(title="token of OpenShift", secrets=("bigmon-envs",), limits=_LIMITS, needed=never),
    ] = None
    """Token of OpenShift."""
