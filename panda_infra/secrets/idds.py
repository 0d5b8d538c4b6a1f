"""iDDS' Secrets."""

from __future__ import annotations

from urllib.parse import quote

from panda_infra.secrets import msgsvc
from panda_infra.secrets.content import Env, as_json, reveal
from panda_infra.secrets.context import BROKER_PORT, Context

__all__ = ["auth", "database_envs", "envs"]

_AUTH_INI = "/opt/idds/config/idds/auth.cfg"
# What SQLAlchemy's URLs leave alone: nothing of what the password may hold is changed (see `forms`).
_UNCHANGED = "!*,;=+~"
_KEEPALIVES = "keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=5"


def database_envs(context: Context) -> Env:
    """idds-db-envs."""
    database = context.idds.database
    password = reveal(context.secrets.idds.database_password)
    env = {
        "IDDS_DB_BACKEND": database.backend,
        "IDDS_DB": database.name,
        "IDDS_USER": database.user,
        "IDDS_PASSWORD": password,
        "IDDS_SCHEMA": database.schema_name,
    }
    idds = context.config.components.idds
    if idds and idds.postgres.enabled:
        # The stock image refuses to start without a password (T8).
        env |= {"POSTGRES_DB": database.name, "POSTGRES_USER": database.user, "POSTGRES_PASSWORD": password}
    return env


def envs(context: Context) -> Env:
    """idds-envs."""
    return {
        **_panda(context),
        **_database(context),
        **_broker(context, "CONDUCTOR", "/queue/idds_panda"),
        # The server and JEDI send to the topic: in the queue of that name nothing would arrive.
        **_broker(context, "RECEIVER", "/topic/panda_idds"),
        "IDDS_SERVER": f"https://{context.idds_rest}:{context.idds.rest_port}",
        **context.proxies(),
    }


def _panda(context: Context) -> Env:
    auth = context.config.auth
    return {
        "PANDA_AUTH": auth.kind,
        "PANDA_AUTH_ID_TOKEN": reveal(context.secrets.auth.id_token),
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


def _database(context: Context) -> Env:
    database = context.idds.database
    password = reveal(context.secrets.idds.database_password)
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


def _broker(context: Context, role: str, destination: str) -> Env:
    return {
        f"IDDS_{role}_BROKERS": context.broker,
        f"IDDS_{role}_PORT": str(BROKER_PORT),
        f"IDDS_{role}_DESTINATION": destination,
        f"IDDS_{role}_USERNAME": "idds",
        f"IDDS_{role}_PASSWORD": msgsvc.password(context, "idds"),
    }


def auth(context: Context) -> Env:
    """idds-auth: the sections of iDDS' own list of VOs (T13); ini files hold texts only."""
    settings = context.config.auth
    secrets = context.secrets.auth.client_secrets
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
