"""The content of each Secret that PanDA's charts read, from the configuration alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import existing_secrets, readers
from panda_infra.secrets import bigmon, cric, harvester, iam, idds, msgsvc, panda, tls, ui
from panda_infra.secrets.content import OPAQUE, TLS, SecretContent
from panda_infra.secrets.context import Context

__all__ = ["BUILDERS", "SecretContent", "build"]

BUILDERS: Mapping[str, Callable[[Context], Mapping[str, str | bytes]]] = MappingProxyType(
    {
        "msgsvc-envs": msgsvc.envs,
        "panda-envs": panda.envs,
        "panda-auth": panda.auth,
        "panda-token-cache": panda.token_cache,
        "panda-certs": tls.mounted("panda"),
        "panda-tls-certs": tls.of_ingress("panda"),
        "harvester-envs": harvester.envs,
        "harvester-auth": harvester.auth,
        "harvester-certs": tls.mounted("harvester"),
        "harvester-initdb": harvester.initdb,
        "idds-envs": idds.envs,
        "idds-db-envs": idds.database_envs,
        "idds-auth": idds.auth,
        "idds-certs": tls.mounted("idds"),
        "idds-tls-certs": tls.of_ingress("idds"),
        "bigmon-envs": bigmon.envs,
        "bigmon-certs": tls.mounted("bigmon"),
        "bigmon-tls-certs": tls.of_ingress("bigmon"),
        "ui-envs": ui.envs,
        "ui-certs": tls.mounted("ui"),
        "ui-tls-certs": tls.of_ingress("ui"),
        "iam-envs": iam.envs,
        "iam-db-envs": iam.database_envs,
        "iam-initdb": iam.initdb,
        "iam-conf": iam.conf,
        "iam-certs": tls.mounted("iam"),
        "iam-tls-certs": tls.of_ingress("iam"),
        "cric-jsons": cric.jsons,
    }
)


def build(config: StackConfig) -> dict[str, SecretContent]:
    """Every Secret that something in this stack reads and nobody else provides, by suffix."""
    context = Context(config)
    provided = existing_secrets(config)
    return {
        suffix: _content(suffix, BUILDERS[suffix](context))
        for suffix in readers(config)
        if suffix not in provided
    }


def _content(suffix: str, values: Mapping[str, str | bytes]) -> SecretContent:
    data = {
        key: value if isinstance(value, bytes) else value.encode() for key, value in sorted(values.items())
    }
    return SecretContent(suffix, TLS if suffix.endswith("-tls-certs") else OPAQUE, data)
