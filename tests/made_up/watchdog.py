"""A watchdog that mails when requests hang."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr

from panda_infra.config.base import Model
from panda_infra.errors import Problem
from panda_infra.products.content import Env, reveal
from panda_infra.products.imports import Folder, Imports
from panda_infra.products.metrics import Metrics
from panda_infra.products.model import (
    Claim,
    ComponentSpec,
    Dump,
    Endpoint,
    FileGroup,
    HostCertificate,
    SubComponentSpec,
    start,
)
from panda_infra.products.network import Call, Remote
from panda_infra.products.panda import calls, remotes
from panda_infra.products.panda.auth import AuthSecrets
from panda_infra.products.panda.limits import TOKEN
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import KEPT_BY_DATABASE, Contained, SecretValue, password
from panda_infra.products.settings import ComponentSettings, Host, Identifier, Port
from panda_infra.products.tls import mounted, of_ingress
from panda_infra.products.verification import Check, Request, postgres
from panda_infra.products.workloads import Component, Replicated, SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.panda.context import Context
    from panda_infra.rules.subject import Subject

__all__ = ["COMPONENT", "Watchdog", "WatchdogSecrets", "WatchdogSettings"]

_PORT = 9443
_DATABASE = Call("watchdog", "postgres", 5432)


class WatchdogSettings(ComponentSettings):
    """Settings of the watchdog."""

    mail_host: Host | None = None
    """Mail server; default: nothing is mailed."""
    mail_port: Port = 25
    """Port of the mail server."""
    database: Identifier = "watchdog"
    """Name of its database."""
    patience: Annotated[int, Field(ge=1)] = 3600
    """Seconds after which a request hangs."""


class Watchdog(Component):
    """A watchdog."""

    main: Replicated = Replicated()
    """The daemon."""
    postgres: SubComponent = SubComponent()
    """Its database."""
    settings: WatchdogSettings = WatchdogSettings()
    """Mail."""


def _settings(config: "Settings") -> WatchdogSettings:
    found = config.components.get(Watchdog)
    return found.settings if found else WatchdogSettings()


class WatchdogSecrets(Model):
    """Secrets of the watchdog."""

    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the watchdog's database",
            make=password,
            secrets=("watchdog-envs", "watchdog-db-envs"),
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of its database."""
    mail_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password at the mail server",
            secrets=("watchdog-envs",),
            needed=lambda config: _settings(config).mail_host is not None,
        ),
    ] = None
    """Password at the mail server."""


def envs(context: "Context") -> Env:
    """watchdog-envs."""
    settings, secrets = _settings(context.config), context.secrets.of(WatchdogSecrets)
    return {
        "WATCHDOG_SERVER": context.server_url,
        "WATCHDOG_TOKEN": reveal(context.secrets.of(AuthSecrets).id_token),
        "WATCHDOG_PATIENCE": str(settings.patience),
        "WATCHDOG_MAIL_HOST": settings.mail_host or "",
        "WATCHDOG_MAIL_PORT": str(settings.mail_port),
        "WATCHDOG_MAIL_PASSWORD": reveal(secrets.mail_password),
        "WATCHDOG_DB_HOST": context.names.workload("watchdog", "postgres"),
        "WATCHDOG_DB_PASSWORD": reveal(secrets.database_password),
    }


def database_envs(context: "Context") -> Env:
    """watchdog-db-envs."""
    return {
        "POSTGRES_DB": _settings(context.config).database,
        "POSTGRES_USER": "watchdog",
        "POSTGRES_PASSWORD": reveal(context.secrets.of(WatchdogSecrets).database_password),
    }


def _values(config: "Settings", _names: "Names") -> Values:
    return {"main": {"patience": _settings(config).patience}}


def _remotes(context: "Context") -> Iterator[Remote]:
    settings = _settings(context.config)
    if settings.mail_host:
        yield Remote(settings.mail_host, settings.mail_port, "mail")
    yield from remotes.proxies(context)


@rule("components")
def _watches_something(subject: "Subject") -> Iterator[Problem]:
    """A watchdog with two pods would mail twice."""
    found = subject.config.components.get(Watchdog)
    if found and found.main.replicas > 1:
        yield Problem("components.watchdog.main.replicas", "would mail everything twice", "Write 1.")


COMPONENT = ComponentSpec(
    name="watchdog",
    title="PanDA watchdog",
    about="Watchdog.",
    position=95,
    version="0.3.0",
    usual_seconds=15,
    config=Watchdog,
    sub_components=(
        SubComponentSpec(
            name="main",
            workload="Deployment",
            chart_image=("ghcr.io/pandawms/panda-watchdog", "0.3.0"),
            secrets=start("watchdog-envs", "watchdog-certs"),
            claims=(Claim("state", "1Gi"),),
            ports=(443,),
            pod_ports=(_PORT,),
            calls=(calls.SERVER_TLS, calls.BROKER, _DATABASE),
            remotes=_remotes,
            metrics=(Metrics(_PORT),),
        ),
        SubComponentSpec(
            name="postgres",
            workload="StatefulSet",
            chart_image=("postgres", "13.6"),
            secrets=start("watchdog-db-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(5432,),
            scalable=False,
            dump=Dump(
                "postgres",
                "watchdog-db-envs",
                "POSTGRES_USER",
                "POSTGRES_PASSWORD",
                lambda config: {"": _settings(config).database},
            ),
        ),
    ),
    needs=("panda",),
    upstream=False,
    endpoints=(
        Endpoint(
            host="watchdog",
            position=85,
            about="Watchdog.",
            key="main.ingress",
            tls="watchdog-tls-certs",
            pods=(Call("watchdog", "main", _PORT),),
        ),
    ),
    secrets=WatchdogSecrets,
    secrets_about="Watchdog.",
    contains={("auth", "idToken"): Contained(secrets=("watchdog-envs",), limits={"watchdog/main": TOKEN})},
    builders={
        "watchdog-envs": envs,
        "watchdog-db-envs": database_envs,
        "watchdog-certs": mounted("watchdog"),
        "watchdog-tls-certs": of_ingress("watchdog"),
    },
    certificate=HostCertificate("Watchdog; covers `hosts.watchdog`."),
    files=(FileGroup("watchdog", "Files beside the watchdog's certificate.", "watchdog-certs"),),
    values=_values,
    rules=(_watches_something,),
    imports=Imports(
        texts={"mail.host": "mailHost"},
        numbers={"mail.port": "mailPort", "patience": "patience"},
        secrets={"mail.password": "mailPassword"},
        folders={"watchdog_certs": Folder(endings=(".pem",), certificate=True)},
    ),
    checks=(
        Check("watchdog.page", "The watchdog answers", "PANDA-API", Request("watchdog/main", 443, "/")),
        Check(
            "watchdog.database",
            "The watchdog's database answers",
            "PANDA-DATABASES",
            postgres("watchdog/postgres", "SELECT 1", "POSTGRES", "POSTGRES_DB"),
        ),
    ),
)
