"""The content of the Secrets of BigMon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from panda_infra.products.content import Env, Files, file_bytes, reveal
from panda_infra.products.panda.auth import AuthSecrets
from panda_infra.products.panda.components.bigmon.models import (
    Bigmon,
    BigmonDatabase,
    BigmonSecrets,
    BigmonSettings,
)
from panda_infra.products.panda.components.idds import IddsSecrets
from panda_infra.products.panda.components.panda.models import PandaSecrets
from panda_infra.products.panda.object_store import ObjectStoreSecrets
from panda_infra.products.panda.rucio import RucioSecrets
from panda_infra.products.settings import Backend
from panda_infra.products.tls import ingress_files, mounted

if TYPE_CHECKING:
    from panda_infra.products.panda.context import Context

__all__ = ["APPS", "CERTIFICATES", "backend", "certs", "deployment", "envs", "tls_certs"]

APPS = (
    "core.oauth",
    "core.pandajob",
    "core.schedresource",
    "core.dashboards",
    "core.status_summary",
    "core.harvester",
    "core.filebrowser",
)
"""Django applications that BigMon always has; Django does not start if one of them is listed twice."""

CERTIFICATES = "/opt/bigmon/etc/cert"


# BigMon's log-in page uses another name for the provider than its settings.
_OFFERED: Mapping[str, str] = {"CERNOIDC": "cern"}


# All variables in its settings; the name of one that is not set would stay in them as text.
_OF_PROVIDERS = tuple(
    f"SOCIAL_AUTH_{name}"
    for name in (
        "CERNOIDC_KEY",
        "CERNOIDC_SECRET",
        "GITHUB_KEY",
        "GITHUB_SECRET",
        "GOOGLE_OAUTH2_KEY",
        "GOOGLE_OAUTH2_SECRET",
        "INDIGOIAM_KEY",
        "INDIGOIAM_SECRET",
        "INDIGOIAM_BASEPATH",
    )
)


def envs(context: Context) -> Env:
    """The content of the Secret bigmon-envs."""
    settings = _settings(context)
    return {
        **_site(context, settings),
        **_server(context),
        **_database(context, settings),
        **_idds(context),
        **_providers(context, settings),
        **_rucio(context),
        **_object_store(context),
        **_services(context, settings),
        **context.proxies(),
    }


def backend(context: Context) -> Backend:
    """Kind of the database with PanDA's tables."""
    return _settings(context).database.backend or context.panda.database.backend


def deployment(context: Context) -> str:
    """Kind of installation, from which BigMon derives schemas and the database's settings."""
    of_experiment = "ORACLE_ATLAS" if context.experiment.harvester == "atlas" else "ORACLE_DOMA"
    by_default = of_experiment if backend(context) == "oracle" else "POSTGRES"
    return _settings(context).deployment or by_default


def _settings(context: Context) -> BigmonSettings:
    return context.config.components.of(Bigmon).settings


def _site(context: Context, settings: BigmonSettings) -> Env:
    urls = context.cric_urls
    queues = urls.panda_queues if urls else f"{context.server_url}/cric/panda_queues.json"
    return {
        "BIGMON_HOST": context.bigmon_host,
        "BIGMON_VO": settings.vo or context.auth.vo,
        "BIGMON_SECRET_KEY": reveal(context.secrets.of(BigmonSecrets).secret_key),
        "BIGMON_NUM_WSGI_PROC": str(settings.processes),
        "BIGMON_DEBUG": str(settings.debug),
        "BIGMON_INSTALLED_APPS_LIST": ",".join(settings.extra_apps),
        "LOGS_PROVIDER": settings.logs_provider,
        "PRMON_LOGS_DIRECTIO_LOCATION": settings.prmon_location,
        "CRIC_API_URL": queues,
    }


def _server(context: Context) -> Env:
    """The PanDA server; if one of these variables is missing, BigMon calls CERN's production."""
    return {
        "PANDA_URL": f"{context.server_url}/server/panda",
        "PANDA_URL_SSL": f"{context.server_ssl_url}/server/panda",
        "PANDA_API_URL": f"{context.server_url}/api/v1",
        "PANDA_API_URL_SSL": f"{context.server_ssl_url}/api/v1",
        "PANDA_SERVER_URL": f"{context.server_ssl_url}/server/panda",
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_VERIFY_HOST": "off",
    }


def _database(context: Context, settings: BigmonSettings) -> Env:
    own, panda = settings.database, context.panda.database
    oracle = backend(context) == "oracle"
    env = {
        "BIGMON_DEPLOYMENT": deployment(context),
        # The only two that BigMon's settings define (T11).
        "BIGMON_DB_ACCESS": "dbaccess_oracle_atlas" if oracle else "dbaccess_postgres",
        "PANDA_DB_BACKEND": backend(context),
        **(_oracle(context, own) if oracle else _postgres(context, own)),
        "PANDA_DB_USER": own.user or panda.user,
        "PANDA_DB_PASSWORD": reveal(
            context.secrets.of(BigmonSecrets).database_password
            or context.secrets.of(PandaSecrets).database_password
        ),
    }
    return env | ({"TNS_ADMIN": "/data/bigmon/config"} if oracle else {})


def _postgres(context: Context, own: BigmonDatabase) -> Env:
    panda = context.panda.database
    return {
        "PANDA_DB_HOST": own.host or context.panda_database_host,
        "PANDA_DB_PORT": str(own.port or panda.port),
        "PANDA_DB_NAME": own.name or panda.name,
    }


def _oracle(context: Context, own: BigmonDatabase) -> Env:
    """For Django, the name is an alias if it is given alone, and the SID if host and port are given too."""
    if own.name:
        port = str(own.port or "")
        return {"PANDA_DB_HOST": own.host or "", "PANDA_DB_PORT": port, "PANDA_DB_NAME": own.name}
    alias = own.host or context.panda_database_host
    return {"PANDA_DB_HOST": "", "PANDA_DB_PORT": "", "PANDA_DB_NAME": alias}


def _idds(context: Context) -> Env:
    database = context.idds.database
    return {
        "IDDS_HOST": context.idds_rest,
        "IDDS_PORT": str(context.idds.rest_port),
        "IDDS_AUTH_ID_TOKEN": reveal(context.secrets.of(AuthSecrets).id_token),
        "IDDS_AUTH_VO": context.auth.vo,
        "IDDS_DB_HOST": context.idds_database_host,
        "IDDS_DB_PORT": str(database.port),
        "IDDS_DB_NAME": database.name,
        "IDDS_DB_USER": database.user,
        "IDDS_DB_PASSWORD": reveal(context.secrets.of(IddsSecrets).database_password),
        "IDDS_DB_SCHEMA": database.schema_name,
    }


def _providers(context: Context, settings: BigmonSettings) -> Env:
    offered = sorted(_OFFERED.get(name, name) for name in settings.providers)
    # From an empty list BigMon would make two foreign providers.
    env = {"BIGMON_AUTH_PROVIDER_LIST": ",".join(offered) or "none"} | dict.fromkeys(_OF_PROVIDERS, "")
    for name, provider in settings.providers.items():
        prefix = f"SOCIAL_AUTH_{name.upper()}"
        secret = reveal(context.secrets.of(BigmonSecrets).provider_secrets.get(name))
        env |= {f"{prefix}_KEY": provider.client_id, f"{prefix}_SECRET": secret}
        if name == "Google":
            # The variables that BigMon's settings really read (T11).
            env |= {f"{prefix}_OAUTH2_KEY": provider.client_id, f"{prefix}_OAUTH2_SECRET": secret}
        if name == "indigoiam":
            env[f"{prefix}_BASEPATH"] = provider.base_path or context.issuer
    return env


def _rucio(context: Context) -> Env:
    rucio = context.rucio
    x509 = rucio.auth_type == "x509_proxy"
    return {
        "RUCIO_SERVER_HOST": rucio.host or "",
        "RUCIO_AUTH_HOST": rucio.auth_host or rucio.host or "",
        "RUCIO_ACCOUNT": rucio.account or "",
        "RUCIO_CONFIG": "/opt/bigmon/etc/rucio.cfg",
        "RUCIO_AUTH_TYPE": "x509_proxy" if x509 else "userpass",
        "RUCIO_USERNAME": "" if x509 else rucio.username or rucio.account or "",
        "RUCIO_PASSWORD": "" if x509 else reveal(context.secrets.of(RucioSecrets).password),
        "RUCIO_CA_CERT": rucio.ca_certificates,
        "X509_USER_PROXY": f"{CERTIFICATES}/{rucio.proxy}" if x509 else "",
    }


def _object_store(context: Context) -> Env:
    """The object store, under the names of upstream's Secret and under those that BigMon reads (T10)."""
    store = context.object_store
    secrets = context.secrets.of(ObjectStoreSecrets)
    port = str(store.port) if store else ""
    access_key, secret_key = reveal(secrets.access_key), reveal(secrets.secret_key)
    read = {
        "OBJECTSTORE_HOST": store.host if store else "",
        "OBJECTSTORE_PORT": port,
        "OBJECTSTORE_BUCKET": store.bucket if store else "",
        "OBJECTSTORE_ACCESSKEY": access_key,
        "OBJECTSTORE_SECRETKEY": secret_key,
    }
    if store is None:
        return read
    return read | {
        "host_name": store.host,
        "port": port,
        "bucket_name": store.bucket,
        "access_key": access_key,
        "secret_key": secret_key,
    }


def _services(context: Context, settings: BigmonSettings) -> Env:
    """Other services in BigMon's settings; the name of a variable that is not set stays in them as text (T11)."""
    secrets = context.secrets.of(BigmonSecrets)
    return {
        "PRODSYS_TOKEN": reveal(secrets.prodsys_token),
        "ES_USER": settings.elastic_user,
        "ES_PASSWORD": reveal(secrets.elastic_password),
        "EMAIL_HOST_USER": settings.mail_user,
        "EMAIL_HOST_PASSWORD": reveal(secrets.mail_password),
        # BigMon's default would send reports of errors to ATLAS' operators.
        "EMAIL_ADMINS": "",
        "GRAFANA_AUTH_TOKEN": reveal(secrets.grafana_token),
        "OC_TOKEN": reveal(secrets.openshift_token),
    }


def certs(context: Context) -> Files:
    """The Secret bigmon-certs, with the grid proxies of the PanDA server."""
    files = {
        name: file for name, file in context.secrets.files.of("panda").items() if name.endswith(".proxy")
    }
    return {name: file_bytes(file) for name, file in files.items()} | mounted("bigmon")(context)


def tls_certs(context: Context) -> Files:
    """The Secret bigmon-tls-certs: Harvester's Ingress names it too, even where BigMon is absent."""
    owner = "bigmon" if context.config.components.get(Bigmon) else "harvester"
    return ingress_files(context.secrets.certificates.of(owner))
