"""PanDA's user interface."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.imports import Folder, Imports
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Endpoint,
    FileGroup,
    HostCertificate,
    SubComponentSpec,
    start,
)
from panda_infra.products.network import Remote, at_urls
from panda_infra.products.panda import calls, remotes
from panda_infra.products.panda.auth import AuthSettings, WebClientId
from panda_infra.products.panda.components.panda.models import PandaSecrets, has_own_user
from panda_infra.products.secret_values import (
    KEPT_BY_DATABASE,
    Contained,
    SecretValue,
    django_key,
)
from panda_infra.products.settings import ComponentSettings, Host, Identifier, Port, Url
from panda_infra.products.tls import mounted, of_ingress
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import Component, Replicated
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.panda.context import Context

__all__ = ["COMPONENT", "Ui", "UiDatabase", "UiSecrets", "UiSettings", "envs"]


class UiDatabase(Model):
    """The UI's own database; keys that are left out are PanDA's."""

    vendor: Literal["oracle", "postgresql"] | None = None
    """Kind of database."""
    host: Host | None = None
    """Host (postgresql)."""
    port: Port | None = None
    """Port (postgresql)."""
    name: Host | None = None
    """Name of the database, for Oracle the service or TNS alias."""
    user: Identifier | None = None
    """User of the database; a user of its own needs `secrets.ui.databasePassword`."""
    panda_schema: Identifier | None = None
    """Schema with PanDA's tables."""
    ui_schema: Identifier | None = None
    """Schema of the UI's own tables; PostgreSQL's default is public."""


class UiSettings(ComponentSettings):
    """Database and log-in of the UI."""

    database: UiDatabase = UiDatabase()
    """The UI's database."""
    client_id: WebClientId | None = None
    """Client that is registered in IAM for the UI."""
    issuer: Url | None = None
    """Where people log in; default: the issuer of `auth`."""
    processes: Annotated[int, Field(ge=1)] = 10
    """WSGI processes of the backend."""


class Ui(Component):
    """PanDA's user interface."""

    backend: Replicated = Replicated()
    """The API."""
    frontend: Replicated = Replicated()
    """The web server."""
    settings: UiSettings = UiSettings()
    """Database, IAM client."""


# The charts name `latest` (T40); this is the newest release that both images were published for.
# renovate: datasource=docker depName=ghcr.io/pandawms/panda-ui-frontend
_RELEASE = "6.0"


def _has_client(config: "Settings") -> bool:
    ui = config.components.get(Ui)
    return ui is not None and ui.settings.client_id is not None


def _has_own_user(config: "Settings") -> bool:
    ui = config.components.get(Ui)
    return ui is not None and has_own_user(config, ui.settings.database.user)


class UiSecrets(Model):
    """Secrets of the UI."""

    secret_key: Annotated[
        SecretStr | None,
        SecretValue(title="Django's secret key of the UI", make=django_key, secrets=("ui-envs",)),
    ] = None
    """Django's secret key."""
    client_secret: Annotated[
        SecretStr | None,
        SecretValue(title="secret of the UI's client in IAM", secrets=("ui-envs",), needed=_has_client),
    ] = None
    """Secret of the UI's client in IAM."""
    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the UI's own database user",
            secrets=("ui-envs",),
            needed=_has_own_user,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the UI's own database user."""


# The backend does not start with an empty client; with this one, only the log-in does not work.
_NO_CLIENT = "none"


def envs(context: "Context") -> Env:
    """The content of the Secret ui-envs."""
    settings = context.config.components.of(Ui).settings
    secrets = context.secrets.of(UiSecrets)
    return {
        "PANDAUI_NUM_WSGI_PROC": str(settings.processes),
        "PANDAUI_SECRET_KEY": reveal(secrets.secret_key),
        "AUTH_IAM_ENDPOINT": settings.issuer or context.issuer,
        "AUTH_IAM_CLIENT_ID": settings.client_id or _NO_CLIENT,
        "AUTH_IAM_CLIENT_SECRET": reveal(secrets.client_secret) or _NO_CLIENT,
        "PANDA_SERVER_API_URL": f"{context.server_ssl_url}/api/v1",
        **_database(context, settings),
        **context.proxies(),
    }


def _database(context: "Context", settings: UiSettings) -> Env:
    own, panda = settings.database, context.panda.database
    vendor = own.vendor or {"oracle": "oracle", "postgres": "postgresql"}[panda.backend]
    # An Oracle alias contains host and service.
    name = own.name or (context.panda_database_host if vendor == "oracle" else panda.name)
    env = {
        "DB_CONN_PANDAUI_VENDOR": vendor,
        "DB_CONN_PANDAUI_NAME": name,
        "DB_CONN_PANDAUI_USER": own.user or panda.user,
        "DB_CONN_PANDAUI_PASSWORD": reveal(
            context.secrets.of(UiSecrets).database_password
            or context.secrets.of(PandaSecrets).database_password
        ),
        "DB_SCHEMA_PANDA": own.panda_schema or panda.schemas.panda,
        "DB_SCHEMA_PANDAUI": own.ui_schema
        or ("public" if vendor == "postgresql" else own.user or panda.user),
    }
    if vendor == "oracle":
        return env
    # The first two are the backend's connection; the chart's start script waits for the other two (T17).
    host, port = own.host or context.panda_database_host, str(own.port or panda.port)
    return env | {
        "DB_CONN_PANDAUI_HOST": host,
        "DB_CONN_PANDAUI_PORT": port,
        "PANDA_DB_HOST": host,
        "PANDA_DB_PORT": port,
    }


def _values(config: "Settings", names: "Names") -> Values:
    # The chart puts this host into URLs even if nothing is exposed (T33).
    host = config.hosts.of("ui") or names.workload("ui", "frontend")
    return {"global": {"hostOverwrite": host, "vo": config.of(AuthSettings).vo}}


def _remotes(context: "Context") -> Iterator[Remote]:
    settings = context.config.components.of(Ui).settings
    own, panda = settings.database, context.panda.database
    oracle = (own.vendor or panda.backend) == "oracle"
    # The name of an Oracle database is its alias.
    host = own.host or panda.host or (own.name if oracle else None)
    yield from remotes.database(host, own.port or panda.port, oracle=oracle)
    yield from at_urls("log-in", (settings.issuer or context.issuer,))
    yield from remotes.proxies(context)


_IMPORTS = Imports(
    texts={
        "database.pandaui.vendor": "database.vendor",
        "database.pandaui.host": "database.host",
        "database.pandaui.service": "database.name",
        "database.pandaui.user": "database.user",
        "database.schema.panda": "database.pandaSchema",
        "database.schema.pandaui": "database.uiSchema",
        "iam.endpoint": "issuer",
        "iam.client": "clientId",
    },
    numbers={"numWSGI": "processes", "database.pandaui.port": "database.port"},
    secrets={
        "secret": "secretKey",
        "database.pandaui.password": "databasePassword",
        "iam.secret": "clientSecret",
    },
    may_be_empty=("database.pandaui.host", "database.pandaui.port"),
    derived=(("issuer",),),
    folders={"ui_certs": Folder(endings=(".pem",), certificate=True)},
)

COMPONENT = ComponentSpec(
    name="ui",
    title="PanDA UI",
    about="UI.",
    position=80,
    version="0.1.0",
    usual_seconds=15,
    config=Ui,
    sub_components=(
        SubComponentSpec(
            name="backend",
            workload="StatefulSet",
            chart_image=("ghcr.io/pandawms/panda-ui-backend", "latest"),
            secrets=start("ui-envs", "ui-certs"),
            claims=(Claim("logs", "50Gi", adopt_key="sharedPvcName", shared_path="ui-backend-logs"),),
            ports=(443,),
            calls=(calls.SERVER_TLS, calls.PANDA_DATABASE),
            remotes=_remotes,
            switchable=False,
            image=("ghcr.io/pandawms/panda-ui-backend", _RELEASE),
        ),
        SubComponentSpec(
            name="frontend",
            workload="StatefulSet",
            chart_image=("ghcr.io/pandawms/panda-ui-frontend", "latest"),
            placeable=False,
            secrets=start("ui-certs"),
            ports=(443,),
            switchable=False,
            image=("ghcr.io/pandawms/panda-ui-frontend", _RELEASE),
        ),
    ),
    needs=("panda",),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="ui",
            position=60,
            host_value="global.hostOverwrite",
            about="PanDA UI.",
            key="ingress",
            tls="ui-tls-certs",
            pods=calls.UI,
        ),
    ),
    secrets=UiSecrets,
    secrets_about="PanDA UI.",
    contains={
        ("panda", "databasePassword"): Contained(secrets=("ui-envs",), replaced_by=("ui", "databasePassword"))
    },
    builders={"ui-envs": envs, "ui-certs": mounted("ui"), "ui-tls-certs": of_ingress("ui")},
    certificate=HostCertificate("PanDA UI; covers `hosts.ui`.", always=lambda _config: True),
    files=(FileGroup("ui", "Files beside the UI's certificate.", "ui-certs"),),
    values=_values,
    own_values=("ingress", "imagePullSecrets", "serviceAccount"),
    imports=_IMPORTS,
    checks=(
        Check(
            "ui.page",
            "The web server answers with a page",
            "PANDA-API",
            Request("ui/frontend", 443, "/", status=(200, 301, 302)),
        ),
    ),
)
