"""The UI's Secret of environment variables."""

from __future__ import annotations

from panda_infra.config.settings import UiSettings
from panda_infra.secrets.content import Env, reveal
from panda_infra.secrets.context import Context

__all__ = ["envs"]

# The backend does not start with empty ones; without a client of IAM only the log-in does not work.
_NO_CLIENT = "none"


def envs(context: Context) -> Env:
    """ui-envs."""
    ui = context.config.components.ui
    settings = ui.settings if ui else UiSettings()
    secrets = context.secrets.ui
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


def _database(context: Context, settings: UiSettings) -> Env:
    own, panda = settings.database, context.panda.database
    vendor = own.vendor or {"oracle": "oracle", "postgres": "postgresql"}[panda.backend]
    # An Oracle alias names host and service at once.
    name = own.name or (context.panda_database_host if vendor == "oracle" else panda.name)
    env = {
        "DB_CONN_PANDAUI_VENDOR": vendor,
        "DB_CONN_PANDAUI_NAME": name,
        "DB_CONN_PANDAUI_USER": own.user or panda.user,
        "DB_CONN_PANDAUI_PASSWORD": reveal(
            context.secrets.ui.database_password or context.secrets.panda.database_password
        ),
        "DB_SCHEMA_PANDA": own.panda_schema or panda.schemas.panda,
        "DB_SCHEMA_PANDAUI": own.ui_schema
        or ("public" if vendor == "postgresql" else own.user or panda.user),
    }
    if vendor == "oracle":
        return env
    # What the backend connects to, and what the chart's start script waits for (T17).
    host, port = own.host or context.panda_database_host, str(own.port or panda.port)
    return env | {
        "DB_CONN_PANDAUI_HOST": host,
        "DB_CONN_PANDAUI_PORT": port,
        "PANDA_DB_HOST": host,
        "PANDA_DB_PORT": port,
    }
