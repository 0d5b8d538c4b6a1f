"""The content of the Secrets of Harvester."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.products import sql
from panda_infra.products.content import Env, Files, as_json, file_bytes, flag, reveal
from panda_infra.products.panda.auth import AuthSecrets
from panda_infra.products.panda.components.harvester.models import (
    Harvester,
    HarvesterSecrets,
)

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.panda.context import Context

__all__ = ["INTERNAL_CLIENT", "TOKEN_ENDPOINT", "auth", "databases", "envs", "every_database", "initdb"]

TOKEN_ENDPOINT = "/token"  # noqa: S105 - what Harvester appends to the issuer
INTERNAL_CLIENT = "token_panda-internal_client.json"


def envs(context: Context) -> Env:
    """The content of the Secret harvester-envs."""
    settings = context.harvester
    env = {
        **_database(context),
        **_auth(context),
        **_cric(context),
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_VERIFY_HOST": "off",
        "PANDA_URL": f"{context.server_url}/server/panda",
        "PANDA_URL_SSL": f"{context.server_ssl_url}/server/panda",
        "PANDA_API_URL_SSL": f"{context.server_ssl_url}/api/v1",
        "BIGMON_BASE_URL": f"https://{context.bigmon_host}",
        "HARVESTER_ID": settings.harvester_id or context.names.release("harvester"),
        # The image unpacks condor.tar.gz${CONDOR_CHANNEL}, so the dot is part of the value.
        "CONDOR_CHANNEL": f".{settings.condor_channel}",
        **context.proxies(),
    }
    if context.experiment.harvester:
        env["EXPERIMENT"] = context.experiment.harvester
    return env


def _database(context: Context) -> Env:
    database = context.harvester.database
    env = {
        "MARIADB_DATABASE": database.name,
        "MARIADB_USER": database.user,
        "MARIADB_PASSWORD": reveal(context.secrets.of(HarvesterSecrets).database_password),
        "MARIADB_ROOT_PASSWORD": reveal(context.secrets.of(HarvesterSecrets).database_root_password),
        "HARVESTER_DB_HOST": context.harvester_database_host,
        "HARVESTER_DB_HOST_ADD_INDEX": flag(database.host_per_replica is not None),
        "HARVESTER_DB_HOST_PREFIX": database.host_per_replica or "",
    }
    if database.host_per_replica and database.domain_per_replica:
        env["HARVESTER_DB_HOST_DOMAIN"] = database.domain_per_replica
    if database.database_per_replica:
        env |= {"HARVESTER_DB_ADD_INDEX": "true", "MARIADB_DATABASE_PREFIX": database.name}
    return env


def _auth(context: Context) -> Env:
    settings = context.auth
    if settings.internal:
        token = f"file:{context.experiment.token_file}"
        return {"PANDA_AUTH_ID_TOKEN": token, "PANDA_AUTH_VO": context.internal_vo}
    return {
        "PANDA_AUTH_ID_TOKEN": reveal(context.secrets.of(AuthSecrets).id_token),
        "PANDA_AUTH_VO": settings.vo,
    }


def _cric(context: Context) -> Env:
    if urls := context.cric_urls:
        return {
            "HARVESTER_CRIC_OS": urls.object_stores or urls.ddm_endpoints,
            "HARVESTER_CRIC_DDMENDPOINTS": urls.ddm_endpoints,
            "HARVESTER_CRIC_URL_DDMENDPOINTS": urls.ddm_endpoints,
            "HARVESTER_CRIC_SCHEDCONFIG": urls.panda_queues,
        }
    inside = f"{context.server_ssl_url}/cric"
    return {
        "HARVESTER_CRIC_OS": f"{inside}/ddm_objectstores.json",
        "HARVESTER_CRIC_DDMENDPOINTS": f"{inside}/ddm_endpoints.json",
        "HARVESTER_CRIC_URL_DDMENDPOINTS": f"https://{context.panda_host}/cric/ddm_endpoints.json",
        "HARVESTER_CRIC_SCHEDCONFIG": f"{inside}/panda_queues.json",
    }


def auth(context: Context) -> Files:
    """The Secret harvester-auth: the imported files, and the file of the internal client unless it was imported."""
    files = {
        name: file_bytes(content) for name, content in context.secrets.files.of("harvester_auth").items()
    }
    internal = context.auth.internal
    if internal and INTERNAL_CLIENT not in files:
        client = {
            # Harvester appends the path of the endpoint again.
            "issuer": (internal.token_endpoint or context.token_endpoint).removesuffix(TOKEN_ENDPOINT),
            "client_id": internal.client_id,
            "client_secret": reveal(context.secrets.of(AuthSecrets).internal_client_secret),
        }
        files[INTERNAL_CLIENT] = as_json(client).encode()
    return files


def databases(config: Settings) -> dict[str, str]:
    """The databases in use, by the replica that uses each if there is one for each."""
    harvester = config.components.get(Harvester)
    if harvester is None:
        return {}
    settings = harvester.settings.database
    if not settings.database_per_replica:
        return {"": settings.name}
    return {f"-{number}": f"{settings.name}_{number}" for number in range(harvester.harvester.replicas)}


def every_database(config: Settings) -> tuple[str, ...]:
    """The databases that the server must have, each once."""
    harvester = config.components.get(Harvester)
    name = [harvester.settings.database.name] if harvester else []
    return tuple(dict.fromkeys([*name, *databases(config).values()]))


def initdb(context: Context) -> Env:
    """The Secret harvester-initdb: databases and rights of the embedded MariaDB, for its first start (T29)."""
    settings = context.harvester.database
    names = every_database(context.config)
    password = reveal(context.secrets.of(HarvesterSecrets).database_password)
    return {
        "init_harvester_db.sql": sql.script(
            sql.create_user(settings.user, password),
            *(
                statement
                for name in names
                for statement in (sql.create_database(name), sql.grant(name, settings.user))
            ),
        )
    }
