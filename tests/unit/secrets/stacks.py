"""Stacks with fixed secrets, for the tests of what becomes of them."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.config.stack import StackConfig

__all__ = ["FULL", "MINIMAL", "ORACLE", "STACKS", "config", "merged"]

EVERY = ("msgsvc", "iam", "iam-db", "panda", "harvester", "idds", "bigmon", "ui")
HOSTS = {
    "panda": "panda.site.org",
    "pandaBig": "panda-big.site.org",
    "bigmon": "bigmon.site.org",
    "idds": "idds.site.org",
    "iam": "iam.site.org",
    "ui": "ui.site.org",
}


def _certificates() -> dict[str, Any]:
    return {
        owner: {
            "certificate": f"CERTIFICATE OF {owner}",
            "key": f"KEY OF {owner}\n",
            "chain": f"CHAIN OF {owner}\n",
        }
        for owner in ("panda", "bigmon", "idds", "harvester", "ui", "iam")
    }


SECRETS: dict[str, Any] = {
    "hashKey": "hash-key",
    "msgsvc": {"basePassword": "broker-password"},
    "panda": {"databasePassword": "panda-password"},
    "idds": {"databasePassword": "idds-password"},
    "harvester": {"databasePassword": "harvester-password", "databaseRootPassword": "harvester-root"},
    "iam": {
        "databasePassword": "iam-password",
        "databaseRootPassword": "iam-root",
        "superuserPassword": "iam-superuser",
        "keystore": '{"keys":[]}',
    },
    "bigmon": {"secretKey": "bigmon-key"},
    "ui": {"secretKey": "ui-key"},
}

MINIMAL: dict[str, Any] = {
    "experiment": "local",
    "cluster": {"kind": "existing", "kubeconfig": "kubeconfig.yaml"},
    "storage": {"class": "standard"},
    "components": {name: {} for name in EVERY},
    "secrets": SECRETS,
}

FULL: dict[str, Any] = {
    **MINIMAL,
    "experiment": "doma",
    "cric": {"real": False},
    "affix": "-dev",
    "hosts": HOSTS,
    "components": {
        **MINIMAL["components"],
        "iam": {
            "settings": {
                "identityProvider": {"clientId": "cilogon:/client_id/1"},
                "mail": {
                    "host": "smtp.site.org",
                    "sender": "iam@site.org",
                    "administrators": "admins@site.org",
                },
                "organisation": "Site",
                "healthProbe": "https://www.site.org",
            }
        },
        "bigmon": {
            "settings": {
                "vo": "doma",
                "extraApps": ["core.iDDS"],
                "prmonLocation": "https://logs.site.org/{queue_name}/PandaJob_{panda_id}",
                "providers": {
                    "CERNOIDC": {"clientId": "bigmon-cern"},
                    "Google": {"clientId": "bigmon-google"},
                    "github": {"clientId": "bigmon-github"},
                    "indigoiam": {"clientId": "bigmon-iam"},
                },
            }
        },
        "ui": {"settings": {"clientId": "panda-ui"}},
    },
    "auth": {
        "vo": "panda_dev",
        "clients": [
            {"name": "panda_dev", "clientId": "client-1", "robotIds": ["robot-1", "robot-2"]},
            {
                "name": "Rubin.production",
                "clientId": "client-2",
                "audience": "https://other.site.org",
                "configUrl": "https://other.site.org/.well-known/openid-configuration",
                "jwtProfile": "wlcg",
            },
        ],
        "internal": {"clientId": "internal-client"},
        "tokenCache": {"clientId": "pilot-client"},
    },
    "rucio": {"host": "rucio.site.org:443", "account": "panda"},
    "objectStore": {"host": "s3.site.org", "bucket": "logs"},
    "proxy": {"httpProxy": "http://proxy.site.org:3128"},
    "secrets": {
        **SECRETS,
        "iam": {**SECRETS["iam"], "identityProviderSecret": "cilogon-secret"},
        "bigmon": {
            "secretKey": "bigmon-key",
            "providerSecrets": {
                "CERNOIDC": "cern-secret",
                "Google": "google-secret",
                "github": "github-secret",
                "indigoiam": "indigo-secret",
            },
        },
        "ui": {"secretKey": "ui-key", "clientSecret": "ui-secret"},
        "auth": {
            "internalClientSecret": "internal-secret",
            "tokenCacheSecret": "pilot-secret",
            "clientSecrets": {"panda_dev": "client-secret"},
        },
        "rucio": {"password": "rucio-password"},
        "objectStore": {"accessKey": "access", "secretKey": "secret"},
        "certificates": _certificates(),
        "files": {"harvesterAuth": {"panda_token_key": "key", "blob.bin": "base64:AAH/"}},
    },
}

ORACLE: dict[str, Any] = {
    **MINIMAL,
    "experiment": "lsst-prod",
    "affix": "test-",
    "hosts": HOSTS,
    "components": {
        "msgsvc": {
            "settings": {"channels": [{"name": "only", "writers": ["panda"], "readers": ["idds", "jedi"]}]}
        },
        "panda": {
            "postgres": {"enabled": False},
            "settings": {
                "database": {"backend": "oracle", "host": "PANDA_DB", "port": 10121, "name": "panda_db"}
            },
        },
        "idds": {
            "postgres": {"enabled": False},
            "settings": {"database": {"backend": "oracle", "host": "IDDS_DB"}},
        },
        "harvester": {
            "harvester": {"replicas": 3},
            "settings": {
                "harvesterId": "Rubin-Harvester",
                "condorChannel": "9",
                "database": {
                    "databasePerReplica": True,
                    "hostPerReplica": "harvester-db",
                    "domainPerReplica": "site.org",
                },
            },
        },
        "bigmon": {"settings": {"database": {"user": "bigmon_reader"}}},
        "ui": {"settings": {"database": {"name": "UI_DB", "user": "ui_user", "uiSchema": "UI"}}},
    },
    "auth": {
        "vo": "Rubin",
        "issuer": "https://login.site.org",
        "clients": [{"name": "Rubin", "clientId": "rubin"}],
    },
    "rucio": {
        "host": "rucio.site.org",
        "authHost": "auth.site.org",
        "account": "panda",
        "authType": "x509_proxy",
    },
    "cric": {
        "real": True,
        "urls": {
            "sites": "https://cric.site.org/site/?json",
            "pandaQueues": "https://cric.site.org/queue/?json",
            "ddmEndpoints": "https://cric.site.org/endpoint/?json",
            "ddmBlacklist": "https://cric.site.org/blacklist/?json&fstate=OFF",
            "objectStores": "https://cric.site.org/endpoint/?json&type[]=OS_LOGS",
        },
    },
    "proxy": {"httpProxy": "http://proxy.site.org:3128", "httpsProxy": "http://tls-proxy.site.org:3128"},
    "secrets": {
        **SECRETS,
        "bigmon": {"secretKey": "bigmon-key", "databasePassword": "reader-password"},
        "ui": {"secretKey": "ui-key", "databasePassword": "ui-password"},
        "auth": {"idToken": "long.lived.token"},
        "certificates": _certificates(),
        "files": {"panda": {"rucio.proxy": "PROXY", "more.pem": "MORE"}},
    },
}

STACKS: dict[str, dict[str, Any]] = {"minimal": MINIMAL, "full": FULL, "oracle": ORACLE}


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``change`` laid over it, mapping by mapping."""
    result = dict(base)
    for key, value in change.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def config(
    base: dict[str, Any] = MINIMAL, change: dict[str, Any] | None = None, /, **sections: Any
) -> StackConfig:
    """A stack's configuration with some sections changed."""
    return StackConfig.model_validate_json(json.dumps(merged(merged(base, change or {}), sections)))
