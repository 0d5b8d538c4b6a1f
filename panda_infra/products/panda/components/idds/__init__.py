"""iDDS, the data-aware workflow engine, and its PostgreSQL."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.errors import Problem
from panda_infra.products.content import Env, as_json, reveal
from panda_infra.products.databases import PostgresDatabase
from panda_infra.products.imports import Folder, Imports
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
from panda_infra.products.network import Remote, at_urls
from panda_infra.products.panda import calls, remotes
from panda_infra.products.panda.auth import AuthSecrets
from panda_infra.products.panda.chart_values import proxy_values, rootless
from panda_infra.products.panda.checks import has_no_oracle, has_one_database, has_port
from panda_infra.products.panda.components.idds.checks import CHECKS
from panda_infra.products.panda.components.msgsvc import BROKER_PORT, broker_password
from panda_infra.products.panda.limits import BROKER, INI, TOKEN, URL
from panda_infra.products.rule import rule
from panda_infra.products.secret_values import KEPT_BY_DATABASE, Contained, SecretValue, password
from panda_infra.products.settings import Backend, ComponentSettings, Host, Identifier, Port
from panda_infra.products.tls import mounted, of_ingress
from panda_infra.products.workloads import Component, Daemon, SubComponent
from panda_infra.tree import Values, merged

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names
    from panda_infra.products.panda.context import Context
    from panda_infra.rules.subject import Subject

__all__ = [
    "COMPONENT",
    "Idds",
    "IddsDatabase",
    "IddsRest",
    "IddsSecrets",
    "IddsSettings",
    "auth",
    "database_envs",
    "envs",
    "has_a_database",
    "ports_are_those_of_the_service",
]


class IddsDatabase(Model):
    """iDDS' database: the embedded one, or one elsewhere."""

    backend: Backend = "postgres"
    """Kind of database."""
    host: Host | None = None
    """Host or TNS alias of an external database; without it the embedded one is used."""
    port: Port = 5432
    """Port of the database; an Oracle alias needs none."""
    name: Identifier = "idds_db"
    """Name of the database."""
    user: Identifier = "idds"
    """User of the database."""
    schema_name: Identifier = "doma_idds"
    """Schema inside it."""


class IddsSettings(ComponentSettings):
    """Database and port of iDDS."""

    database: IddsDatabase = IddsDatabase()
    """iDDS' database."""
    rest_port: Port = 8443
    """Port of the REST Service."""


class IddsRest(Daemon):
    """The iDDS REST service with its agents."""

    server_conf: dict[str, int | str] = {}
    """Worker numbers of its httpd, e.g. {minWorkers: 4}."""


class Idds(Component):
    """iDDS and its database."""

    rest: IddsRest = IddsRest()
    """REST service and agents."""
    postgres: SubComponent = SubComponent()
    """The embedded database; off when an external one is used."""
    settings: IddsSettings = IddsSettings()
    """Database, port."""


def _settings(config: "Settings") -> IddsSettings:
    return config.components.of(Idds).settings


def _databases(config: "Settings") -> dict[str, str]:
    idds = config.components.get(Idds)
    return {"": idds.settings.database.name} if idds else {}


def _external_database(config: "Settings") -> bool:
    idds = config.components.get(Idds)
    return idds is not None and (not idds.postgres.enabled or idds.settings.database.host is not None)


class IddsSecrets(Model):
    """Secrets of iDDS."""

    database_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user of iDDS' database",
            make=password,
            shared=_external_database,
            secrets=("idds-envs", "idds-db-envs"),
            limits={"idds/rest": URL},
            needed=lambda config: config.components.get(Idds) is not None,
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the user of iDDS' database."""


_AUTH_INI = "/opt/idds/config/idds/auth.cfg"


# Characters that SQLAlchemy's URLs need not encode: every character that the password may have (see `limits`).
_UNCHANGED = "!*,;=+~"


_KEEPALIVES = "keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=5"


def database_envs(context: "Context") -> Env:
    """The content of the Secret idds-db-envs."""
    database = context.idds.database
    password = reveal(context.secrets.of(IddsSecrets).database_password)
    env = {
        "IDDS_DB_BACKEND": database.backend,
        "IDDS_DB": database.name,
        "IDDS_USER": database.user,
        "IDDS_PASSWORD": password,
        "IDDS_SCHEMA": database.schema_name,
    }
    idds = context.config.components.get(Idds)
    if idds and idds.postgres.enabled:
        # The stock image refuses to start without a password (T8).
        env |= {"POSTGRES_DB": database.name, "POSTGRES_USER": database.user, "POSTGRES_PASSWORD": password}
    return env


def envs(context: "Context") -> Env:
    """The content of the Secret idds-envs."""
    return {
        **_panda(context),
        **_database(context),
        **_broker(context, "CONDUCTOR", "/queue/idds_panda"),
        # The server and JEDI send to the topic, so the queue of that name stays empty.
        **_broker(context, "RECEIVER", "/topic/panda_idds"),
        "IDDS_SERVER": f"https://{context.idds_rest}:{context.idds.rest_port}",
        **context.proxies(),
    }


def _panda(context: "Context") -> Env:
    auth = context.auth
    return {
        "PANDA_AUTH": auth.kind,
        "PANDA_AUTH_ID_TOKEN": reveal(context.secrets.of(AuthSecrets).id_token),
        "PANDA_AUTH_VO": auth.vo,
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_MONITOR_URL": f"https://{context.bigmon_host}",
        "PANDA_URL": f"{context.server_url}/server/panda",
        "PANDA_URL_SSL": f"{context.server_ssl_url}/server/panda",
        "PANDA_API_URL_SSL": f"{context.server_ssl_url}/api/v1",
        "PANDACACHE_URL": f"{context.server_ssl_url}/server/panda",
        "PANDA_VERIFY_HOST": "off",
        "PANDA_CONFIG_ROOT": "/tmp/",  # noqa: S108 - a folder inside the pod
    }


def _database(context: "Context") -> Env:
    database = context.idds.database
    password = reveal(context.secrets.of(IddsSecrets).database_password)
    oracle = database.backend == "oracle"
    env = {
        "IDDS_DATABASE_HOST": context.idds_database_host,
        "IDDS_DATABASE_PORT": "" if oracle else str(database.port),
        "IDDS_DATABASE_NAME": database.name,
        "IDDS_DATABASE_USER": database.user,
        "IDDS_DATABASE_PASSWORD": password,
        "IDDS_DATABASE_SCHEMA": database.schema_name,
    }
    login = f"{database.user}:{quote(password, safe=_UNCHANGED)}@{context.idds_database_host}"
    if oracle:
        return env | {"IDDS_DATABASE_URL": f"oracle+oracledb://{login}", "TNS_ADMIN": "/opt/idds/configmap"}
    return env | {"IDDS_DATABASE_URL": f"postgresql://{login}:{database.port}/{database.name}?{_KEEPALIVES}"}


def _broker(context: "Context", role: str, destination: str) -> Env:
    return {
        f"IDDS_{role}_BROKERS": context.broker,
        f"IDDS_{role}_PORT": str(BROKER_PORT),
        f"IDDS_{role}_DESTINATION": destination,
        f"IDDS_{role}_USERNAME": "idds",
        f"IDDS_{role}_PASSWORD": broker_password(context, "idds"),
    }


def auth(context: "Context") -> Env:
    """The Secret idds-auth: the sections of iDDS' own list of VOs (T13); ini files contain only texts."""
    settings = context.auth
    secrets = context.secrets.of(AuthSecrets).client_secrets
    sections = {
        client.name: {
            "client_id": client.client_id,
            "client_secret": reveal(secrets.get(client.name)),
            "robot_ids": ",".join(client.robot_ids),
            "oidc_config_url": client.config_url or context.config_url,
            "audience": client.audience or context.audience,
            "vo": client.name,
        }
        for client in settings.clients
    }
    if settings.internal:
        sections[context.internal_vo] = {
            "client_id": settings.internal.client_id,
            "client_secret": "",
            "robot_ids": settings.internal.client_id,
            "oidc_config_url": settings.internal.config_url or context.config_url,
            "audience": context.audience,
            "vo": "internal",
        }
    ini = {"common": {"allow_vos": ",".join(sections)}, **sections}
    return {"auth.cfg.json": as_json({_AUTH_INI: ini})}


def _values(config: "Settings", names: "Names") -> Values:
    idds = config.components.of(Idds)
    bigmon = config.hosts.of("bigmon") or names.workload("bigmon", "main")
    rest: Values = {
        "restHost": f"https://{names.workload('idds', 'rest')}:8443",
        "bigmonURL": f"https://{bigmon}",
        # The folder in iDDS' own configuration; the chart's default is another one.
        "persistentvolumerequests": {"path": "/data/idds-requests"},
    }
    if idds.rest.server_conf:
        rest["serverConf"] = {key: str(value) for key, value in idds.rest.server_conf.items()}
    return merged({"rest": rest}, proxy_values(config, "rest"), rootless(config, "rest", "postgres"))


@rule("components")
def has_a_database(subject: "Subject") -> Iterator[Problem]:
    """IDDS must have exactly one database: its embedded one, or a named external one."""
    idds = subject.config.components.get(Idds)
    if idds:
        database, embedded = idds.settings.database, idds.postgres.enabled
        yield from has_one_database(
            subject.stack, "idds", "postgres", embedded=embedded, external=database.host
        )
        yield from has_no_oracle("idds", database.backend, embedded=embedded)


@rule("components")
def ports_are_those_of_the_service(subject: "Subject") -> Iterator[Problem]:
    """The port that others use for iDDS must be a port of its Service."""
    idds = subject.config.components.get(Idds)
    if idds:
        rest = COMPONENT.sub_component("rest")
        yield from has_port("idds", rest, "restPort", idds.settings.rest_port, idds.values)


def _remotes(context: "Context") -> Iterator[Remote]:
    database = context.idds.database
    yield from remotes.database(database.host, database.port, oracle=database.backend == "oracle")
    for group in (remotes.issuers, remotes.proxies):
        yield from group(context)
    yield from at_urls("BigMon", (f"https://{context.bigmon_host}",))


_IMPORTS = Imports(
    texts={
        "database.backend": "database.backend",
        "database.host": "database.host",
        "database.dbhost": "database.host",
        "database.name": "database.name",
        "database.user": "database.user",
        "database.schema": "database.schemaName",
    },
    numbers={"restPort": "restPort", "database.port": "database.port"},
    secrets={"database.password": "databasePassword"},
    may_be_empty=("database.backend", "database.host", "database.dbhost", "database.port"),
    folders={"idds_certs": Folder(endings=(".pem",), certificate=True)},
    decided={
        "rest.restHost": "follows from the stack's hosts",
        "rest.bigmonURL": "follows from the stack's hosts",
    },
)

COMPONENT = ComponentSpec(
    name="idds",
    title="iDDS",
    about="iDDS, PostgreSQL.",
    position=60,
    version="0.1.0",
    usual_seconds=25,
    config=Idds,
    sub_components=(
        SubComponentSpec(
            name="rest",
            heavy=5,
            workload="StatefulSet",
            chart_image=("ghcr.io/hsf/idds", "2.2.49"),
            secrets=start("idds-envs", "idds-db-envs", "idds-auth", "idds-certs"),
            claims=(
                Claim("logs", "5Gi", adopt_key="sharedPvcName", shared_path="idds"),
                Claim(
                    "requests",
                    "10Gi",
                    key="persistentvolumerequests",
                    reuse_key="reuseLogsVolume",
                    shared_path="idds-requests",
                ),
            ),
            ports=(8443, 8080),
            calls=(*calls.SERVER, calls.IDDS_DATABASE, calls.BROKER, calls.IDDS),
            remotes=_remotes,
            reserves=("cpu", "memory"),
        ),
        SubComponentSpec(
            name="postgres",
            workload="Deployment",
            chart_image=("postgres", "13.6"),
            secrets=start("idds-db-envs"),
            claims=(Claim("data", "5Gi"),),
            ports=(5432,),
            scalable=False,
            reserves=("cpu", "memory"),
            dump=Dump("postgres", "idds-db-envs", "IDDS_USER", "IDDS_PASSWORD", _databases),
        ),
    ),
    needs=("msgsvc", "panda"),
    after=("iam",),
    endpoints=(
        Endpoint(
            host="idds",
            position=40,
            about="iDDS REST.",
            key="rest.ingress",
            tls="idds-tls-certs",
            snippets=True,
            pods=(calls.IDDS,),
        ),
    ),
    secrets=IddsSecrets,
    rules=(has_a_database, ports_are_those_of_the_service),
    secrets_about="iDDS.",
    contains={
        ("auth", "idToken"): Contained(secrets=("idds-envs",), limits={"idds/rest": TOKEN}),
        ("auth", "clientSecrets"): Contained(secrets=("idds-auth",), limits={"idds/rest": INI}),
        ("msgsvc", "basePassword"): Contained(secrets=("idds-envs",), limits={"idds/rest": BROKER}),
    },
    builders={
        "idds-envs": envs,
        "idds-db-envs": database_envs,
        "idds-auth": auth,
        "idds-certs": mounted("idds"),
        "idds-tls-certs": of_ingress("idds"),
    },
    certificate=HostCertificate("iDDS; covers `hosts.idds`."),
    files=(FileGroup("idds", "Files beside iDDS' certificate.", "idds-certs"),),
    values=_values,
    derived={("settings", "database", "host"): lambda context: context.idds_database_host},
    postgres=PostgresDatabase(
        instead="idds/postgres",
        key="components.idds.settings.database.host",
        beside="`postgres: {enabled: false}`",
        host=lambda config: _settings(config).database.host,
        name=lambda config: _settings(config).database.name,
        owner=lambda config: _settings(config).database.user,
        secret="idds-envs",  # noqa: S106 - a name
        user="IDDS_DATABASE_USER",
        password="IDDS_DATABASE_PASSWORD",  # noqa: S106 - a key
    ),
    imports=_IMPORTS,
    checks=CHECKS,
)
