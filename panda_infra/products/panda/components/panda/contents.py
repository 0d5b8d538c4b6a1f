"""The content of the Secrets of PanDA."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from panda_infra.products.content import Env, as_json, flag, reveal
from panda_infra.products.panda.auth import AuthSecrets
from panda_infra.products.panda.components.msgsvc import broker_password
from panda_infra.products.panda.components.panda.models import (
    PandaSecrets,
)
from panda_infra.products.panda.cric_lists import TAGS
from panda_infra.products.panda.rucio import RucioSecrets

if TYPE_CHECKING:
    from panda_infra.products.panda.context import Context

__all__ = ["CERTIFICATES", "auth", "envs", "token_cache"]

CERTIFICATES = "/opt/panda/etc/cert"


_INTERNAL_TOKEN = "/tmp/proxies/panda_internal_token"  # noqa: S105, S108 - a path inside the pods


def envs(context: Context) -> Env:
    """The content of the Secret panda-envs."""
    return {
        **_database(context),
        **_server(context),
        **_auth(context),
        **_services(context),
        **_rucio(context),
        **_cric(context),
        **context.proxies(),
    }


def _database(context: Context) -> Env:
    database = context.panda.database
    schemas = database.schemas
    return {
        "PANDA_DB_BACKEND": database.backend,
        "PANDA_DB_HOST": context.panda_database_host,
        "PANDA_DB_PORT": str(database.port),
        "PANDA_DB_NAME": database.name,
        "PANDA_DB_USER": database.user,
        "PANDA_DB_PASSWORD": reveal(context.secrets.of(PandaSecrets).database_password),
        "PANDA_DB_SCHEMAPANDA": schemas.panda,
        "PANDA_DB_SCHEMAMETA": schemas.meta,
        "PANDA_DB_SCHEMAPANDAARCH": schemas.archive,
        "PANDA_DB_SCHEMAJEDI": schemas.jedi,
        "PANDA_DB_SCHEMADEFT": schemas.deft,
    }


def _server(context: Context) -> Env:
    return {
        "PANDA_URL": f"{context.server_url}/server/panda",
        "PANDA_URL_SSL": f"{context.server_ssl_url}/server/panda",
        "PANDA_API_URL": f"{context.server_url}/api/v1",
        "PANDA_API_URL_SSL": f"{context.server_ssl_url}/api/v1",
        "PANDA_HOSTNAME": context.panda_host,
        "PANDA_BEHIND_REAL_LB": "1",
        # Calls inside the cluster use Services' names, but certificates contain the exposed hosts.
        "PANDA_VERIFY_HOST": "off",
    }


def _auth(context: Context) -> Env:
    auth = context.auth
    env = {"PANDA_AUTH": "oidc"}
    if auth.internal:
        return env | {"PANDA_AUTH_ID_TOKEN": f"file:{_INTERNAL_TOKEN}", "PANDA_AUTH_VO": context.internal_vo}
    return env | {
        "PANDA_AUTH_ID_TOKEN": reveal(context.secrets.of(AuthSecrets).id_token),
        "PANDA_AUTH_VO": auth.vo,
    }


def _services(context: Context) -> Env:
    return {
        "PANDA_ACTIVEMQ_LIST": context.broker,
        "PANDA_ACTIVEMQ_PASSWD_panda": broker_password(context, "panda"),
        "PANDA_ACTIVEMQ_PASSWD_jedi": broker_password(context, "jedi"),
        "PANDA_IDDS_HOST": context.idds_rest,
        "PANDA_IDDS_PORT": str(context.idds.rest_port),
        "PANDA_IDDS_AUTH_ID_TOKEN": reveal(context.secrets.of(AuthSecrets).id_token),
        "PANDA_IDDS_AUTH_VO": context.auth.vo,
    }


def _rucio(context: Context) -> Env:
    rucio = context.rucio
    userpass, x509, oidc = (rucio.auth_type == kind for kind in ("userpass", "x509_proxy", "oidc"))
    env = {
        "PANDA_RUCIO_HOST": rucio.host or "",
        "PANDA_RUCIO_AUTH_HOST": rucio.auth_host or rucio.host or "",
        "PANDA_RUCIO_ACCOUNT": rucio.account or "",
        "PANDA_RUCIO_AUTH_TYPE": rucio.auth_type,
        "PANDA_RUCIO_USERNAME": (rucio.username or rucio.account or "") if userpass else "",
        "PANDA_RUCIO_PASSWORD": reveal(context.secrets.of(RucioSecrets).password) if userpass else "",
        "PANDA_RUCIO_X509_PROXY": f"{CERTIFICATES}/{rucio.proxy}" if x509 else "",
        "PANDA_RUCIO_CA_CERT": rucio.ca_certificates,
    }
    if oidc:
        env |= {
            "PANDA_RUCIO_OIDC_AUDIENCE": rucio.oidc_audience,
            "PANDA_RUCIO_OIDC_SCOPE": rucio.oidc_scope,
            "PANDA_RUCIO_OIDC_ISSUER": rucio.oidc_issuer,
            "PANDA_RUCIO_OIDC_REFRESH_ACTIVE": flag(rucio.oidc_refresh),
            "PANDA_RUCIO_OIDC_REFRESH_BEFORE_EXP": str(rucio.oidc_refresh_minutes),
        }
    return env


def _cric(context: Context) -> Env:
    if urls := context.cric_urls:
        return {
            "PANDA_CRIC_SITES": urls.sites,
            "PANDA_CRIC_SCHEDCONFIG": urls.panda_queues,
            "PANDA_CRIC_DDMENDPOINTS": urls.ddm_endpoints,
            "PANDA_CRIC_URL_DDMENDPOINTS": urls.ddm_endpoints,
            "PANDA_CRIC_DDMBLACKLIST": urls.ddm_blacklist or "",
            "PANDA_CRIC_CM": urls.cost_matrix or "",
            "PANDA_CRIC_URLTAGS": urls.tags or _tags(urls.panda_queues),
        }
    return {
        "PANDA_CRIC_SITES": "/var/cric/sites.json",
        "PANDA_CRIC_SCHEDCONFIG": "/var/cric/panda_queues.json",
        "PANDA_CRIC_DDMENDPOINTS": "/var/cric/ddm_endpoints.json",
        # JEDI does not mount these files and requests this one from the server (T37).
        "PANDA_CRIC_URL_DDMENDPOINTS": f"{context.server_url}/cric/ddm_endpoints.json",
        "PANDA_CRIC_DDMBLACKLIST": "/var/cric/ddm_blacklist.json",
        "PANDA_CRIC_CM": "/var/cric/cm.json",
        "PANDA_CRIC_URLTAGS": f"/var/cric/{TAGS}",
    }


def _tags(queues: str) -> str:
    """The address of CRIC's software tags, derived from that of the queues; the server requests it at each run."""
    return f"{queues}&preset=tags" if "?json" in queues else ""


def auth(context: Context) -> Env:
    """The Secret panda-auth: files that the server publishes under /auth/, so that clients can get tokens (T2)."""
    settings = context.auth
    secrets = context.secrets.of(AuthSecrets).client_secrets
    files = {}
    for client in settings.clients:
        entry = {
            "client_id": client.client_id,
            "client_secret": reveal(secrets.get(client.name)) or None,
            "robot_ids": ",".join(client.robot_ids),
            "oidc_config_url": client.config_url or context.config_url,
            "audience": client.audience or context.audience,
            "vo": client.name,
        }
        if client.jwt_profile:
            entry["jwt_profile"] = client.jwt_profile
        files[f"{client.name}_auth_config.json"] = as_json(entry)
    if settings.internal:
        files[f"{context.internal_vo}_auth_config.json"] = as_json(
            {
                "client_id": settings.internal.client_id,
                "client_secret": None,
                "robot_ids": settings.internal.client_id,
                "oidc_config_url": settings.internal.config_url or context.config_url,
                "audience": context.audience,
                "vo": "internal",
            }
        )
    return files


def _with_audience(endpoint: str, context: Context) -> str:
    """An endpoint whose tokens have an audience, because iDDS accepts no others and the server requests none."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode({'audience': context.audience})}"


def token_cache(context: Context) -> Env:
    """The content of the Secret panda-token-cache."""
    settings = context.auth
    secrets = context.secrets.of(AuthSecrets)
    cache: dict[str, dict[str, str | bool]] = {}
    if settings.token_cache:
        cache[settings.token_cache.client_name] = {
            "client_id": settings.token_cache.client_id,
            "secret": reveal(secrets.token_cache_secret),
            "endpoint": settings.token_cache.token_endpoint or context.token_endpoint,
            "use_token_key": True,
        }
    if settings.internal:
        cache["internal"] = {
            "client_id": settings.internal.client_id,
            "secret": reveal(secrets.internal_client_secret),
            "endpoint": _with_audience(settings.internal.token_endpoint or context.token_endpoint, context),
            "token_file_path": _INTERNAL_TOKEN,
        }
    return {"token_cache_config.json": as_json(cache)}
