"""Complete stacks whose consumers are started: one as sites have it, one with every switch turned."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.config.stack import StackConfig
from panda_infra.secrets.generate import stand_ins
from tests.unit.secrets.stacks import EVERY, HOSTS

__all__ = ["STACKS", "complete"]

_CLIENTS = [
    {"name": "panda_dev", "clientId": "11111111-dev0-4000-8000-000000000001", "robotIds": ["robot-1"]},
    {"name": "Rubin", "clientId": "22222222-rub0-4000-8000-000000000002"},
    {"name": "Rubin.production", "clientId": "33333333-rubp-4000-8000-000000000003"},
]
_INTERNAL = {"clientId": "44444444-int0-4000-8000-000000000004"}
_PROVIDERS = {
    "CERNOIDC": {"clientId": "bigmon-cern"},
    "Google": {"clientId": "bigmon-google"},
    "github": {"clientId": "bigmon-github"},
    "indigoiam": {"clientId": "bigmon-iam"},
}

_USUAL: dict[str, Any] = {
    "experiment": "local",
    "cluster": {"kind": "existing", "kubeconfig": "kubeconfig.yaml"},
    "storage": {"class": "standard"},
    "components": {name: {} for name in EVERY},
    "auth": {"vo": "panda_dev", "clients": _CLIENTS},
    "secrets": {},
}

_TURNED: dict[str, Any] = {
    **_USUAL,
    "affix": "-dev",
    "hosts": HOSTS,
    "components": {
        **_USUAL["components"],
        "msgsvc": {
            "settings": {
                "channels": [
                    {"name": "panda_idds", "writers": ["panda", "jedi"], "readers": ["idds"]},
                    {"name": "idds_panda", "writers": ["idds"], "readers": ["panda", "jedi"]},
                    {"name": "only.one", "writers": ["pilot"], "readers": ["panda"]},
                ]
            }
        },
        "iam": {
            "settings": {
                "identityProvider": {"clientId": "cilogon:/client_id/1"},
                "mail": {"host": "smtp.site.org", "sender": "iam@site.org", "administrators": "a@site.org"},
            }
        },
        "harvester": {"harvester": {"replicas": 2}},
        "bigmon": {"settings": {"vo": "doma", "providers": _PROVIDERS}},
        "ui": {"settings": {"clientId": "panda-ui"}},
    },
    "auth": {
        "vo": "panda_dev",
        "clients": _CLIENTS,
        "internal": _INTERNAL,
        "tokenCache": {"clientId": "pilot-client"},
    },
    "rucio": {"host": "rucio.site.org", "account": "panda", "authType": "x509_proxy"},
    "objectStore": {"host": "s3.site.org", "bucket": "logs"},
    "proxy": {"httpProxy": "http://proxy.site.org:3128"},
    "secrets": {"files": {"panda": {"rucio.proxy": "PROXY"}}},
}

STACKS: dict[str, dict[str, Any]] = {"usual": _USUAL, "turned": _TURNED}


def complete(stack: str) -> StackConfig:
    """A stack's configuration with made-up values for all secrets that are missing."""
    config = StackConfig.model_validate_json(json.dumps(STACKS[stack]))
    return config.model_copy(update={"secrets": stand_ins(config)})
