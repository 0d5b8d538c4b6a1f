"""What upstream's secrets chart makes of values: the judge of what an import may change.

Written from the chart's behaviour; `tests/e2e/test_upstream_charts.py` holds it against `helm template` of a checkout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from panda_infra.config.scalars import Scalar

__all__ = ["flat", "rendered"]

Env = dict[str, str]
_IDDS_DATABASE = ("name", "port", "user", "password", "schema")


class Values:
    """Values as a template sees them."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    def raw(self, path: str) -> Any:
        here: Any = self._tree
        for part in path.split("."):
            here = here.get(part) if isinstance(here, dict) else None
        return here

    def on(self, path: str) -> bool:
        value = self.raw(path)
        return value.true if isinstance(value, Scalar) else bool(value)

    def __call__(self, path: str, default: str = "") -> str:
        value = self.raw(path)
        return (
            value.rendered
            if isinstance(value, Scalar) and value.true
            else default
            if default
            else _text(value)
        )


def rendered(tree: Mapping[str, Any]) -> dict[str, Env]:
    """Each Secret of texts, by its suffix."""
    values = Values(tree)
    found = {suffix: make(values) for suffix, (switch, make) in _SECRETS.items() if values.on(switch)}
    # YAML takes a text that is empty and has no quotes for nothing, which the API leaves out.
    return {
        suffix: {key: text for key, text in env.items() if text is not None} for suffix, env in found.items()
    }


def flat(secrets: Mapping[str, Env]) -> Env:
    """The texts of all Secrets, those in JSON one by one."""
    return {
        f"{suffix} {key}{path}": value
        for suffix, texts in secrets.items()
        for key, text in texts.items()
        for path, value in (_leaves(json.loads(text), "") if key.endswith(".json") else [("", text)])
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path} {key}")
    else:
        yield path, "" if value is None else str(value)


def _text(value: Any) -> str:
    return value.rendered if isinstance(value, Scalar) else ""


def _ref(v: Values, body: str) -> str:
    affix = v("affix")
    return f"{body}{affix}" if affix.startswith("-") else f"{affix}{body}"


def _server(v: Values) -> str:
    return f"{_ref(v, 'panda')}-server"


def _proxy(v: Values) -> Env:
    usual = f"localhost,{_server(v)},{_ref(v, 'panda')}-idds-rest"
    http, https = v("proxy.httpProxy"), v("proxy.httpsProxy")
    if http:
        more = {"https_proxy": http} if https else {}
        return {"http_proxy": http, "no_proxy": v("proxy.noProxy", usual), **more}
    return {"https_proxy": https, "no_proxy": v("proxy.noProxy", usual)} if https else {}


def _token(v: Values, path: str) -> Env:
    if v.on("auth.auth_client_id"):
        return {"PANDA_AUTH_ID_TOKEN": f"file:{path}", "PANDA_AUTH_VO": f"{v('auth.authVO')}.internal"}
    return {"PANDA_AUTH_ID_TOKEN": v("auth.authIdToken"), "PANDA_AUTH_VO": v("auth.authVO")}


def _panda(v: Values) -> Env:
    plain, tls = f"{_server(v)}:{v('panda.port')}", f"{_server(v)}:{v('panda.sslPort')}"
    names = ("schemapanda", "schemameta", "schemapandaarch", "schemajedi", "schemadeft")
    usual = ("DOMA_PANDA", "DOMA_PANDAMETA", "DOMA_PANDAARCH", "DOMA_PANDA", "DOMA_DEFT")
    schemas = {
        f"PANDA_DB_{name.upper()}": v(f"panda.database.{name}", default)
        for name, default in zip(names, usual, strict=True)
    }
    host = {"PANDA_HOSTNAME": v("panda.hostName")} if v.on("panda.hostName") else {}
    return {
        "PANDA_DB_BACKEND": v("panda.database.backend", "postgres"),
        "PANDA_DB_PASSWORD": v("panda.database.password"),
        "PANDA_DB_HOST": v("panda.database.dbhost", f"{_ref(v, 'panda')}-postgres"),
        "PANDA_DB_PORT": v("panda.database.dbport"),
        "PANDA_DB_USER": v("panda.database.user", "panda"),
        "PANDA_DB_NAME": v("panda.database.name", "panda_db"),
        **schemas,
        "PANDA_URL": f"https://{plain}/server/panda",
        "PANDA_URL_SSL": f"https://{tls}/server/panda",
        "PANDA_API_URL": f"https://{plain}/api/v1",
        "PANDA_API_URL_SSL": f"https://{tls}/api/v1",
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_VERIFY_HOST": "off",
        "PANDA_AUTH": "oidc",
        **_token(v, "/tmp/proxies/panda_internal_token"),
        **host,
        "PANDA_ACTIVEMQ_LIST": f"{_ref(v, 'panda')}-msgsvc-activemq:61613",
        "PANDA_ACTIVEMQ_PASSWD_panda": f"{v('msgsvc.basePasswd')}_panda",
        "PANDA_ACTIVEMQ_PASSWD_jedi": f"{v('msgsvc.basePasswd')}_jedi",
        "PANDA_IDDS_HOST": f"{_ref(v, 'panda')}-idds-rest",
        "PANDA_IDDS_PORT": v("idds.restPort"),
        "PANDA_IDDS_AUTH_ID_TOKEN": v("auth.authIdToken"),
        "PANDA_IDDS_AUTH_VO": v("auth.authVO"),
        **_panda_rucio(v),
        **_panda_cric(v),
        **_proxy(v),
    }


def _panda_rucio(v: Values) -> Env:
    kind = v("rucio.authType", "userpass")
    env = {
        "PANDA_RUCIO_HOST": v("rucio.rucioHost"),
        "PANDA_RUCIO_AUTH_HOST": v("rucio.authHost"),
        "PANDA_RUCIO_ACCOUNT": v("rucio.account"),
        "PANDA_RUCIO_AUTH_TYPE": kind if kind in ("x509_proxy", "oidc") else "userpass",
        "PANDA_RUCIO_X509_PROXY": "",
        "PANDA_RUCIO_USERNAME": "",
        "PANDA_RUCIO_PASSWORD": "",
    }
    if kind == "x509_proxy":
        return env | {
            "PANDA_RUCIO_X509_PROXY": v("rucio.clientX509Proxy"),
            "PANDA_RUCIO_CA_CERT": v("rucio.caCert"),
        }
    if kind == "oidc":
        return env | {
            "PANDA_RUCIO_CA_CERT": v("rucio.caCert"),
            "PANDA_RUCIO_OIDC_AUDIENCE": v("rucio.oidcAudience", "rucio"),
            "PANDA_RUCIO_OIDC_SCOPE": v("rucio.oidcScope", "openid profile offline_access"),
            "PANDA_RUCIO_OIDC_ISSUER": v("rucio.oidcIssuer", "wlcg"),
            "PANDA_RUCIO_OIDC_REFRESH_ACTIVE": v("rucio.oidcRefreshActive", "true"),
            "PANDA_RUCIO_OIDC_REFRESH_BEFORE_EXP": v("rucio.oidcRefreshBeforeExp", "20"),
        }
    return env | {
        "PANDA_RUCIO_USERNAME": v("rucio.username"),
        "PANDA_RUCIO_PASSWORD": v("rucio.password"),
        "PANDA_RUCIO_CA_CERT": "/etc/grid-security/certificates/",
    }


def _panda_cric(v: Values) -> Env:
    if v.on("cric.real"):
        return {
            "PANDA_CRIC_CM": v("cric.costMetrix"),
            "PANDA_CRIC_DDMBLACKLIST": v("cric.ddmBlackList"),
            "PANDA_CRIC_DDMENDPOINTS": v("cric.ddmEndpoints"),
            "PANDA_CRIC_URL_DDMENDPOINTS": v("cric.ddmEndpoints"),
            "PANDA_CRIC_SCHEDCONFIG": v("cric.schedConfig"),
            "PANDA_CRIC_SITES": v("cric.sites"),
        }
    return {
        "PANDA_CRIC_CM": "/var/cric/cm.json",
        "PANDA_CRIC_DDMBLACKLIST": "/var/cric/ddm_blacklist.json",
        "PANDA_CRIC_DDMENDPOINTS": "/var/cric/ddm_endpoints.json",
        "PANDA_CRIC_URL_DDMENDPOINTS": f"http://{_server(v)}:{v('panda.port')}/cric/ddm_endpoints.json",
        "PANDA_CRIC_SCHEDCONFIG": "/var/cric/panda_queues.json",
        "PANDA_CRIC_SITES": "/var/cric/sites.json",
    }


def _panda_auth(v: Values) -> Env:
    files = {}
    for client in v.raw("auth.oidc.clients") or []:
        c = Values(client)
        entry: dict[str, Any] = {
            "client_id": _json(c, "client_id"),
            "client_secret": _json(c, "client_secret"),
            "robot_ids": _json(c, "robot_ids"),
            "oidc_config_url": c("config_url") or v("auth.oidc.config_url"),
            "audience": c("audience") or v("auth.oidc.audience"),
            "vo": c("name"),
        }
        if c.on("jwt_profile"):
            entry["jwt_profile"] = c("jwt_profile")
        files[f"{c('name')}_auth_config.json"] = json.dumps(entry)
    if v.on("auth.auth_client_id"):
        entry = {
            "robot_ids": v("auth.auth_client_id"),
            "client_id": v("auth.auth_client_id"),
            "client_secret": None,
            "oidc_config_url": v("auth.config_url", v("auth.oidc.config_url")),
            "audience": v("auth.oidc.audience"),
            "vo": "internal",
        }
        files[f"{v('auth.authVO')}.internal_auth_config.json"] = json.dumps(entry)
    return files


def _json(c: Values, key: str) -> str | None:
    value = c.raw(key)
    return value.value if isinstance(value, Scalar) else None  # type: ignore[return-value]


def _token_cache(v: Values) -> Env:
    cache: dict[str, Any] = {
        v("auth.oidc.token_cache.client_name"): {
            "client_id": v("auth.oidc.token_cache.client_id"),
            "secret": v("auth.oidc.token_cache.client_secret"),
            "endpoint": v("auth.oidc.token_cache.endpoint"),
            "use_token_key": True,
        }
    }
    if v.on("auth.auth_client_id"):
        cache["internal"] = {
            "client_id": v("auth.auth_client_id"),
            "secret": v("auth.auth_client_secret"),
            "endpoint": v("auth.auth_endpoint"),
            "token_file_path": "/tmp/proxies/panda_internal_token",
        }
    return {"token_cache_config.json": json.dumps(cache)}


def _msgsvc(v: Values) -> Env:
    def joined(path: str) -> str:
        value = v.raw(path)
        return ";".join(map(_text, value)) if isinstance(value, list) else _text(value)

    return {
        "ACTIVEMQ_BASE_PASSWD": v("msgsvc.basePasswd"),
        "ACTIVEMQ_CHANNELS": joined("msgsvc.channels"),
        "ACTIVEMQ_ACCOUNTS": joined("msgsvc.accounts"),
    }


def _harvester(v: Values) -> Env:
    d = "harvester.database"
    env = {
        "MARIADB_DATABASE": v(f"{d}.name", "harvester"),
        "MARIADB_USER": v(f"{d}.user", "harvester"),
        "MARIADB_PASSWORD": v(f"{d}.password"),
        "MARIADB_ROOT_PASSWORD": f"{v(f'{d}.password')}-admin",
        "HARVESTER_DB_HOST": v(f"{d}.dbhost", f"{_ref(v, 'panda')}-harvester-mariadb"),
    }
    if v.on(f"{d}.dbhost_add_index"):
        env["HARVESTER_DB_HOST_ADD_INDEX"] = v(f"{d}.dbhost_add_index")
        env["HARVESTER_DB_HOST_PREFIX"] = v(f"{d}.dbhost_prefix")
        if v.on(f"{d}.dbhost_domain"):
            env["HARVESTER_DB_HOST_DOMAIN"] = v(f"{d}.dbhost_domain")
    if v.on(f"{d}.db_add_index") and v.on(f"{d}.name_prefix"):
        env["HARVESTER_DB_ADD_INDEX"] = v(f"{d}.db_add_index")
        env["MARIADB_DATABASE_PREFIX"] = v(f"{d}.name_prefix")
    plain, tls = f"{_server(v)}:{v('panda.port')}", f"{_server(v)}:{v('panda.sslPort')}"
    env |= {
        **_token(v, "/opt/harvester/etc/auth_tokens/panda_token"),
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_VERIFY_HOST": "off",
        "PANDA_URL": f"https://{plain}/server/panda",
        "PANDA_URL_SSL": f"https://{tls}/server/panda",
        "BIGMON_BASE_URL": ".Values.bigmon.base_url",
        "HARVESTER_ID": v("harvester.harvesterID"),
        "CONDOR_CHANNEL": f".{v('harvester.condorChannel')}",
        **_proxy(v),
    }
    if v.on("harvester.experiment"):
        env["EXPERIMENT"] = v("harvester.experiment")
    if v.on("cric.real"):
        return env | {
            "HARVESTER_CRIC_OS": v("cric.objectStores"),
            "HARVESTER_CRIC_DDMENDPOINTS": v("cric.ddmEndpoints"),
            "HARVESTER_CRIC_URL_DDMENDPOINTS": v("cric.ddmEndpoints"),
            "HARVESTER_CRIC_SCHEDCONFIG": v("cric.schedConfig"),
        }
    return env | {
        "HARVESTER_CRIC_OS": f"https://{tls}/cric/ddm_objectstores.json",
        "HARVESTER_CRIC_DDMENDPOINTS": f"https://{tls}/cric/ddm_endpoints.json",
        "HARVESTER_CRIC_URL_DDMENDPOINTS": f"https://{v('panda.hostName')}/cric/ddm_endpoints.json",
        "HARVESTER_CRIC_SCHEDCONFIG": f"https://{_server(v)}:/cric/panda_queues.json",
    }


def _harvester_initdb(v: Values) -> Env:
    name, user = v("harvester.database.name", "harvester"), v("harvester.database.user", "harvester")
    replicas = v("harvester.replicaCount")
    names = [name, *(f"{name}_{i}" for i in range(int(replicas) if replicas.isdigit() else 0))]
    password = v("harvester.database.password", "harvester")
    return {"init_harvester_db.sql": f"{names} {user} {password}"}


def _idds_database(v: Values) -> tuple[str, str, str]:
    host = v("idds.database.dbhost") or v("idds.database.host", f"{_ref(v, 'panda')}-idds-postgres")
    return v("idds.database.backend", "postgres"), host, v("idds.database.port", "5432")


def _idds_db(v: Values) -> Env:
    return {
        "IDDS_DB_BACKEND": _idds_database(v)[0],
        "IDDS_DB": v("idds.database.name"),
        "IDDS_USER": v("idds.database.user"),
        "IDDS_PASSWORD": v("idds.database.password"),
        "IDDS_SCHEMA": v("idds.database.schema"),
    }


def _idds(v: Values) -> Env:
    backend, host, port = _idds_database(v)
    name, user, password = (v(f"idds.database.{key}") for key in ("name", "user", "password"))
    plain, tls = f"{_server(v)}:{v('panda.port')}", f"{_server(v)}:{v('panda.sslPort')}"
    keepalives = "keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=5"
    if backend == "oracle":
        url = {
            "TNS_ADMIN": "/opt/idds/configmap",
            "IDDS_DATABASE_PORT": "",
            "IDDS_DATABASE_URL": f"oracle+oracledb://{user}:{password}@{host}",
        }
    else:
        url = {
            "IDDS_DATABASE_PORT": port,
            "IDDS_DATABASE_URL": f"postgresql://{user}:{password}@{host}:{port}/{name}?{keepalives}",
        }
    broker = f"{_ref(v, 'panda')}-msgsvc-activemq:61613"
    roles = {
        f"IDDS_{role}_{key}": text
        for role, queue in (("CONDUCTOR", "/queue/idds_panda"), ("RECEIVER", "/queue/panda_idds"))
        for key, text in (
            ("BROKERS", broker),
            ("PORT", "61613"),
            ("DESTINATION", queue),
            ("USERNAME", "idds"),
            ("PASSWORD", f"{v('msgsvc.basePasswd')}_idds"),
        )
    }
    return {
        "PANDA_AUTH_ID_TOKEN": v("auth.authIdToken"),
        "PANDA_AUTH_VO": v("auth.authVO"),
        "PANDA_AUTH": v("auth.auth"),
        "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_MONITOR_URL": f"https://{_ref(v, 'panda')}-bigmon-main",
        "PANDA_URL": f"http://{plain}/server/panda",
        "PANDA_URL_SSL": f"https://{tls}/server/panda",
        "PANDA_API_URL_SSL": f"https://{tls}/api/v1",
        "PANDACACHE_URL": f"https://{tls}/server/panda",
        "PANDA_VERIFY_HOST": v("panda.verifyHost"),
        "PANDA_CONFIG_ROOT": v("panda.configRoot"),
        "IDDS_DATABASE_NAME": name,
        "IDDS_DATABASE_USER": user,
        "IDDS_DATABASE_PASSWORD": password,
        "IDDS_DATABASE_SCHEMA": v("idds.database.schema"),
        "IDDS_DATABASE_HOST": host,
        **url,
        **roles,
        "IDDS_SERVER": f"https://{_ref(v, 'panda')}-idds:{v('idds.restPort')}",
        **_proxy(v),
    }


def _bigmon(v: Values) -> Env:
    providers = v.raw("bigmon.auth.providers") or {}
    backend = v("bigmon.database.backend", v("bigmon.dbBackend", v("panda.database.backend", "postgres")))
    env = {
        "BIGMON_HOST": v("bigmon.hostname"),
        "BIGMON_NUM_WSGI_PROC": v("bigmon.numWSGI"),
        "BIGMON_SECRET_KEY": v("bigmon.secretKey"),
        "BIGMON_VO": v("bigmon.vo"),
        "BIGMON_DEPLOYMENT": v("bigmon.deployment", backend.upper()),
        "BIGMON_DB_ACCESS": v("bigmon.dbaccess", f"dbaccess_{backend}"),
        "PRMON_LOGS_DIRECTIO_LOCATION": v("bigmon.prmonLocation"),
        "BIGMON_DEBUG": str(v.on("bigmon.debugMode")),
        "BIGMON_INSTALLED_APPS_LIST": v("bigmon.bigmon_extra"),
        "LOGS_PROVIDER": v("bigmon.logs_provider", "rucio"),
        "BIGMON_AUTH_PROVIDER_LIST": ",".join(sorted(providers)),
        "PANDA_DB_BACKEND": backend,
        "IDDS_DB_HOST": v("idds.database.host", f"{_ref(v, 'panda')}-idds-postgres"),
        "IDDS_HOST": f"{_ref(v, 'panda')}-idds-rest",
        "IDDS_PORT": v("idds.restPort"),
        "IDDS_AUTH_ID_TOKEN": v("auth.authIdToken"),
        "IDDS_AUTH_VO": v("auth.authVO"),
        **{f"IDDS_DB_{key.upper()}": v(f"idds.database.{key}") for key in _IDDS_DATABASE},
        **{
            f"SOCIAL_AUTH_{name.upper()}_{field.upper()}": _text(text)
            for name, fields in providers.items()
            for field, text in fields.items()
        },
    }
    if backend == "oracle":
        env["TNS_ADMIN"] = "/data/bigmon/config"
    own = {"NAME": "name", "HOST": "dbhost", "PORT": "dbport", "USER": "user", "PASSWORD": "password"}
    if v.raw("bigmon.database"):
        env |= {f"PANDA_DB_{key}": v(f"bigmon.database.{field}") for key, field in own.items()}
    env["CRIC_API_URL"] = (
        v("cric.schedConfig")
        if v.on("cric.real")
        else f"https://{_server(v)}:{v('panda.port')}/cric/panda_queues.json"
    )
    if v.raw("object_store") is not None:
        names = {"host_name": "host", "port": "port", "bucket_name": "bucket"}
        names |= {"access_key": "accesskey", "secret_key": "secretkey"}
        env |= {key: v(f"object_store.{field}") for key, field in names.items()}
    return env | _bigmon_rucio(v) | _proxy(v)


def _bigmon_rucio(v: Values) -> Env:
    env = {
        "RUCIO_SERVER_HOST": v("rucio.rucioHost"),
        "RUCIO_AUTH_HOST": v("rucio.authHost"),
        "RUCIO_ACCOUNT": v("rucio.account"),
        "RUCIO_CONFIG": "/opt/bigmon/etc/rucio.cfg",
    }
    usual = "/etc/grid-security/certificates/"
    if v("rucio.authType", "userpass") == "x509_proxy":
        proxy = v("rucio.clientX509Proxy").rpartition("/")[2] or "."
        return env | {
            "RUCIO_AUTH_TYPE": "x509_proxy",
            "X509_USER_PROXY": f"/opt/bigmon/etc/cert/{proxy}",
            "RUCIO_CA_CERT": v("rucio.caCert", usual),
            "RUCIO_USERNAME": "",
            "RUCIO_PASSWORD": "",
        }
    return env | {
        "RUCIO_AUTH_TYPE": "userpass",
        "X509_USER_PROXY": "",
        "RUCIO_CA_CERT": usual,
        "RUCIO_USERNAME": v("rucio.username"),
        "RUCIO_PASSWORD": v("rucio.password"),
    }


def _ui(v: Values) -> Env:
    d = "ui.database"
    return {
        "PANDAUI_NUM_WSGI_PROC": v("ui.numWSGI"),
        "PANDAUI_SECRET_KEY": v("ui.secret"),
        "AUTH_IAM_ENDPOINT": v("ui.iam.endpoint"),
        "AUTH_IAM_CLIENT_ID": v("ui.iam.client"),
        "AUTH_IAM_CLIENT_SECRET": v("ui.iam.secret"),
        "DB_CONN_PANDAUI_VENDOR": v(f"{d}.pandaui.vendor"),
        "DB_CONN_PANDAUI_NAME": v(f"{d}.pandaui.service"),
        "DB_CONN_PANDAUI_USER": v(f"{d}.pandaui.user"),
        "DB_CONN_PANDAUI_PASSWORD": v(f"{d}.pandaui.password"),
        "DB_SCHEMA_PANDAUI": v(f"{d}.schema.pandaui"),
        "DB_SCHEMA_PANDA": v(f"{d}.schema.panda"),
        "PANDA_SERVER_API_URL": f"https://{_server(v)}:{v('panda.sslPort')}/api/v1",
        **_proxy(v),
    }


def _iam_db(v: Values) -> Env:
    password = v("iam.database.password")
    return {
        "MARIADB_USER": v("iam.database.user"),
        "MARIADB_PASSWORD": password,
        "MARIADB_ROOT_PASSWORD": f"{password}_admin",
    }


def _iam(v: Values) -> Env:
    return {
        "IAM_JAVA_OPTS": f"-Dspring.profiles.active={v('iam.profiles')} -Dlog4j2.formatMsgNoLookups=true",
        "IAM_DB_HOST": v("iam.database.host", f"{_ref(v, 'iam')}-mariadb"),
        "IAM_DB_NAME": v("iam.database.name"),
        "IAM_DB_USERNAME": v("iam.database.user"),
        "IAM_DB_PASSWORD": v("iam.database.password"),
        "IAM_CILOGON_CLIENT_ID": v("iam.cilogon.client_id"),
        "IAM_CILOGON_CLIENT_SECRET": v("iam.cilogon.client_secret"),
        "IAM_PORT": v("iam.port"),
        "IAM_BASE_URL": v("iam.base_url"),
        "IAM_ISSUER": v("iam.base_url"),
    }


def _iam_initdb(v: Values) -> Env:
    name, user, password = (v(f"iam.database.{key}") for key in ("name", "user", "password"))
    return {"init_org_db.sql": f"{name} {user} {password}"}


_SECRETS: Mapping[str, tuple[str, Callable[[Values], Env]]] = {
    "msgsvc-envs": ("msgsvc.enabled", _msgsvc),
    "panda-envs": ("panda.enabled", _panda),
    "panda-auth": ("panda.enabled", _panda_auth),
    "panda-token-cache": ("panda.enabled", _token_cache),
    "harvester-envs": ("harvester.enabled", _harvester),
    "harvester-initdb": ("harvester.enabled", _harvester_initdb),
    "idds-db-envs": ("idds.enabled", _idds_db),
    "idds-envs": ("idds.enabled", _idds),
    "bigmon-envs": ("bigmon.enabled", _bigmon),
    "ui-envs": ("ui.enabled", _ui),
    "iam-db-envs": ("iam.enabled", _iam_db),
    "iam-envs": ("iam.enabled", _iam),
    "iam-initdb": ("iam.enabled", _iam_initdb),
}
