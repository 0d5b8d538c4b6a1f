"""Values of a site for the secrets chart, with every key that upstream's chart has filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SITE", "VARIANTS"]

_ISSUER = "https://iam.site.org"
_DISCOVERY = f"{_ISSUER}/.well-known/openid-configuration"
_CRIC = "https://cric.site.org/api"

SITE: dict[str, Any] = {
    "affix": "-site",
    "auth": {
        "auth": "oidc",
        "authIdToken": "a.long.token",
        "authVO": "Rubin",
        "oidc": {
            "audience": "https://panda.site.org",
            "config_url": _DISCOVERY,
            "clients": [
                {
                    "name": "Rubin",
                    "client_id": "client-1",
                    "client_secret": "secret-1",
                    "robot_ids": "robot-1,robot-2",
                    "audience": "https://other.site.org",
                    "config_url": "https://other.site.org/.well-known/openid-configuration",
                },
                {
                    "name": "Rubin.production",
                    "client_id": "client-2",
                    "client_secret": "s2",
                    "robot_ids": "r3",
                },
            ],
            "token_cache": {
                "client_name": "pilot_server",
                "client_id": "cache-client",
                "client_secret": "cache-secret",
                "endpoint": f"{_ISSUER}/token",
            },
        },
    },
    "msgsvc": {
        "enabled": True,
        "basePasswd": "broker-password",
        "accounts": ["panda", "jedi", "idds", "pilot"],
        "channels": ["idds_panda:idds:panda,jedi", "panda_idds:panda,jedi:idds", "own:panda:pilot"],
    },
    "panda": {
        "enabled": True,
        "existingTlsSecret": "",
        "database": {
            "backend": "oracle",
            "password": "panda-password",
            "dbhost": "PANDA_ALIAS",
            "dbport": "10121",
            "name": "panda_db",
            "user": "panda_user",
            "schemapanda": "S_PANDA",
            "schemameta": "S_META",
            "schemapandaarch": "S_ARCH",
            "schemajedi": "S_JEDI",
            "schemadeft": "S_DEFT",
        },
        "port": "8080",
        "sslPort": "8443",
        "hostName": "panda.site.org",
        "verifyHost": "off",
        "configRoot": "/tmp/",
    },
    "harvester": {
        "enabled": True,
        "experiment": "lsst_prod",
        "harvesterID": "site-harvester",
        "replicaCount": 2,
        "database": {
            "name": "site_harvester",
            "user": "harvester",
            "password": "harvester-password",
            "admin_password": "harvester-admin",
            "dbhost": "db.site.org",
            "dbhost_add_index": "true",
            "dbhost_prefix": "dbs",
            "dbhost_domain": "site.org",
            "db_add_index": "true",
            "name_prefix": "site_harvester",
        },
        "condorChannel": "stable",
    },
    "idds": {
        "enabled": True,
        "restPort": 8444,
        "database": {
            "backend": "postgres",
            "name": "site_idds",
            "user": "idds_user",
            "password": "idds-password",
            "schema": "site_schema",
            "host": "idds-db.site.org",
            "port": "5433",
        },
    },
    "bigmon": {
        "enabled": True,
        "existingTlsSecret": "",
        "base_url": "https://bigmon.site.org",
        "hostname": "bigmon.site.org",
        "deployment": "ORACLE_DOMA",
        "dbaccess": "dbaccess_oracle_doma",
        "database": {
            "backend": "oracle",
            "dbhost": "BIGMON_ALIAS",
            "dbport": "10122",
            "name": "bigmon_db",
            "user": "bigmon_user",
            "password": "bigmon-password",
        },
        "numWSGI": "12",
        "vo": "site",
        "secretKey": "bigmon-key",
        "debugMode": False,
        "bigmon_extra": "core.one,core.two",
        "logs_provider": "cric",
        "auth": {
            "providers": {
                "Google": {"key": "google-key", "secret": "google-secret"},
                "CERNOIDC": {"key": "cern-key", "secret": "cern-secret"},
                "github": {"key": "github-key", "secret": "github-secret"},
                "indigoiam": {"key": "iam-key", "secret": "iam-secret", "basePath": _ISSUER},
            }
        },
        "prmonLocation": "https://logs.site.org/{queue_name}/{panda_id}",
    },
    "ui": {
        "enabled": True,
        "secret": "ui-key",
        "numWSGI": "11",
        "database": {
            "pandaui": {
                "vendor": "oracle",
                "host": "",
                "port": "",
                "service": "UI_ALIAS",
                "user": "ui_user",
                "password": "ui-password",
            },
            "schema": {"panda": "UI_PANDA", "pandaui": "UI_OWN"},
        },
        "iam": {"endpoint": _ISSUER, "client": "ui-client", "secret": "ui-secret"},
    },
    "iam": {
        "enabled": True,
        "profiles": "prod,registration,oidc",
        "base_url": f"{_ISSUER}/",
        "port": 8443,
        "database": {
            "host": "iam-db.site.org",
            "name": "site_iam",
            "user": "iam_user",
            "password": "iam-password",
            "root_password": "iam-root",
        },
        "cilogon": {"client_id": "cilogon-id", "client_secret": "cilogon-secret"},
    },
    "rucio": {
        "rucioHost": "rucio.site.org:443",
        "authHost": "auth.site.org:443",
        "username": "rucio_user",
        "password": "rucio-password",
        "account": "rucio_account",
    },
    "cric": {
        "real": True,
        "costMetrix": f"{_CRIC}/cost",
        "ddmBlackList": f"{_CRIC}/blacklist",
        "ddmEndpoints": f"{_CRIC}/endpoints",
        "schedConfig": f"{_CRIC}/queues",
        "sites": f"{_CRIC}/sites",
        "objectStores": f"{_CRIC}/stores",
    },
    "object_store": {
        "host_name": "s3.site.org",
        "port": 444,
        "bucket_name": "logs",
        "access_key": "access",
        "secret_key": "secret",
        "host": "s3.site.org",
        "bucket": "logs",
        "accesskey": "access",
        "secretkey": "secret",
    },
    "proxy": {
        "httpProxy": "http://proxy.site.org:3128",
        "httpsProxy": "http://proxy.site.org:3128",
        "noProxy": "localhost,.site.org",
    },
}

# Each turns another part of upstream's templates on.
VARIANTS: Mapping[str, dict[str, Any]] = {
    "as it is": {},
    "with a proxy of Rucio": {
        "rucio": {
            "authType": "x509_proxy",
            "clientX509Proxy": "/opt/panda/etc/cert/r.proxy",
            "caCert": "/etc/ca/",
        }
    },
    "with tokens of Rucio": {
        "rucio": {
            "authType": "oidc",
            "caCert": "/etc/ca/",
            "oidcAudience": "site",
            "oidcScope": "openid",
            "oidcIssuer": "site",
            "oidcRefreshActive": "false",
            "oidcRefreshBeforeExp": "30",
        }
    },
    "with short-lived tokens": {
        "auth": {
            "auth_client_id": "internal",
            "auth_client_secret": "internal-secret",
            "auth_endpoint": "https://login.site.org/token",
            "config_url": "https://login.site.org/.well-known/openid-configuration",
        }
    },
    "without CRIC": {"cric": {"real": False}},
    "on PostgreSQL": {
        "panda": {"database": {"backend": "postgres"}},
        "bigmon": {"database": {"backend": "postgres"}, "deployment": "POSTGRES"},
        "idds": {"database": {"backend": "oracle", "dbhost": "IDDS_ALIAS"}},
        "ui": {"database": {"pandaui": {"vendor": "postgresql", "host": "ui-db.site.org", "port": "5434"}}},
    },
}
