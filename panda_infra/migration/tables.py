"""The place of each value of upstream's secrets chart: one row per key; no other module knows these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from panda_infra.migration.scalars import Scalar

__all__ = ["KEYS", "PLAIN", "SAME_WHEN_EMPTY", "SECRET", "SETTLED", "USUAL", "Convert"]

Convert = Callable[[Scalar], Any]
# The folder where the server mounts its files.
_MOUNTED = "/opt/panda/etc/cert/"


def _text(value: Scalar) -> str:
    return value.text


def _count(value: Scalar) -> int:
    return int(value.text)


def _switch(value: Scalar) -> bool:
    return value.true


def _refreshed(value: Scalar) -> bool:
    """The chart treats an unquoted false as unset, and unset as true."""
    text = value.rendered if value.true else "true"
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _words(value: Scalar) -> list[str]:
    return [word for part in value.text.split(",") if (word := part.strip())]


def _file_name(value: Scalar) -> str:
    if not value.text.startswith(_MOUNTED):
        raise ValueError(value.text)
    return value.text.removeprefix(_MOUNTED)


# Key of the secrets chart -> key of the stack file, with a conversion where the forms differ.
PLAIN: Mapping[str, tuple[str, Convert]] = {
    "affix": ("affix", _text),
    "auth.auth": ("auth.kind", _text),
    "auth.authVO": ("auth.vo", _text),
    "auth.auth_client_id": ("auth.internal.clientId", _text),
    "auth.auth_endpoint": ("auth.internal.tokenEndpoint", _text),
    "auth.config_url": ("auth.internal.configUrl", _text),
    "auth.oidc.audience": ("auth.audience", _text),
    "auth.oidc.config_url": ("auth.configUrl", _text),
    "auth.oidc.token_cache.client_name": ("auth.tokenCache.clientName", _text),
    "auth.oidc.token_cache.client_id": ("auth.tokenCache.clientId", _text),
    "auth.oidc.token_cache.endpoint": ("auth.tokenCache.tokenEndpoint", _text),
    "panda.database.backend": ("components.panda.settings.database.backend", _text),
    "panda.database.dbhost": ("components.panda.settings.database.host", _text),
    "panda.database.dbport": ("components.panda.settings.database.port", _count),
    "panda.database.name": ("components.panda.settings.database.name", _text),
    "panda.database.user": ("components.panda.settings.database.user", _text),
    "panda.database.schemapanda": ("components.panda.settings.database.schemas.panda", _text),
    "panda.database.schemameta": ("components.panda.settings.database.schemas.meta", _text),
    "panda.database.schemapandaarch": ("components.panda.settings.database.schemas.archive", _text),
    "panda.database.schemajedi": ("components.panda.settings.database.schemas.jedi", _text),
    "panda.database.schemadeft": ("components.panda.settings.database.schemas.deft", _text),
    "panda.port": ("components.panda.settings.port", _count),
    "panda.sslPort": ("components.panda.settings.sslPort", _count),
    "harvester.harvesterID": ("components.harvester.settings.harvesterId", _text),
    "harvester.database.dbhost": ("components.harvester.settings.database.host", _text),
    "harvester.database.name": ("components.harvester.settings.database.name", _text),
    "harvester.database.user": ("components.harvester.settings.database.user", _text),
    "harvester.condorChannel": ("components.harvester.settings.condorChannel", _text),
    "idds.restPort": ("components.idds.settings.restPort", _count),
    "idds.database.backend": ("components.idds.settings.database.backend", _text),
    "idds.database.host": ("components.idds.settings.database.host", _text),
    "idds.database.dbhost": ("components.idds.settings.database.host", _text),
    "idds.database.port": ("components.idds.settings.database.port", _count),
    "idds.database.name": ("components.idds.settings.database.name", _text),
    "idds.database.user": ("components.idds.settings.database.user", _text),
    "idds.database.schema": ("components.idds.settings.database.schemaName", _text),
    "bigmon.deployment": ("components.bigmon.settings.deployment", _text),
    "bigmon.dbBackend": ("components.bigmon.settings.database.backend", _text),
    "bigmon.database.backend": ("components.bigmon.settings.database.backend", _text),
    "bigmon.database.dbhost": ("components.bigmon.settings.database.host", _text),
    "bigmon.database.dbport": ("components.bigmon.settings.database.port", _count),
    "bigmon.database.name": ("components.bigmon.settings.database.name", _text),
    "bigmon.database.user": ("components.bigmon.settings.database.user", _text),
    "bigmon.numWSGI": ("components.bigmon.settings.processes", _count),
    "bigmon.vo": ("components.bigmon.settings.vo", _text),
    "bigmon.debugMode": ("components.bigmon.settings.debug", _switch),
    "bigmon.bigmon_extra": ("components.bigmon.settings.extraApps", _words),
    "bigmon.logs_provider": ("components.bigmon.settings.logsProvider", _text),
    "bigmon.prmonLocation": ("components.bigmon.settings.prmonLocation", _text),
    "ui.numWSGI": ("components.ui.settings.processes", _count),
    "ui.database.pandaui.vendor": ("components.ui.settings.database.vendor", _text),
    "ui.database.pandaui.host": ("components.ui.settings.database.host", _text),
    "ui.database.pandaui.port": ("components.ui.settings.database.port", _count),
    "ui.database.pandaui.service": ("components.ui.settings.database.name", _text),
    "ui.database.pandaui.user": ("components.ui.settings.database.user", _text),
    "ui.database.schema.panda": ("components.ui.settings.database.pandaSchema", _text),
    "ui.database.schema.pandaui": ("components.ui.settings.database.uiSchema", _text),
    "ui.iam.endpoint": ("components.ui.settings.issuer", _text),
    "ui.iam.client": ("components.ui.settings.clientId", _text),
    "iam.profiles": ("components.iam.settings.profiles", _words),
    "iam.base_url": ("components.iam.settings.baseUrl", _text),
    "iam.database.host": ("components.iam.settings.database.host", _text),
    "iam.database.name": ("components.iam.settings.database.name", _text),
    "iam.database.user": ("components.iam.settings.database.user", _text),
    "iam.cilogon.client_id": ("components.iam.settings.identityProvider.clientId", _text),
    "rucio.rucioHost": ("rucio.host", _text),
    "rucio.authHost": ("rucio.authHost", _text),
    "rucio.account": ("rucio.account", _text),
    "rucio.username": ("rucio.username", _text),
    "rucio.authType": ("rucio.authType", _text),
    "rucio.clientX509Proxy": ("rucio.proxy", _file_name),
    "rucio.caCert": ("rucio.caCertificates", _text),
    "rucio.oidcAudience": ("rucio.oidcAudience", _text),
    "rucio.oidcScope": ("rucio.oidcScope", _text),
    "rucio.oidcIssuer": ("rucio.oidcIssuer", _text),
    "rucio.oidcRefreshActive": ("rucio.oidcRefresh", _refreshed),
    "rucio.oidcRefreshBeforeExp": ("rucio.oidcRefreshMinutes", _count),
    "cric.sites": ("cric.urls.sites", _text),
    "cric.schedConfig": ("cric.urls.pandaQueues", _text),
    "cric.ddmEndpoints": ("cric.urls.ddmEndpoints", _text),
    "cric.ddmBlackList": ("cric.urls.ddmBlacklist", _text),
    "cric.costMetrix": ("cric.urls.costMatrix", _text),
    "cric.objectStores": ("cric.urls.objectStores", _text),
    "object_store.host_name": ("objectStore.host", _text),
    "object_store.host": ("objectStore.host", _text),
    "object_store.port": ("objectStore.port", _count),
    "object_store.bucket_name": ("objectStore.bucket", _text),
    "object_store.bucket": ("objectStore.bucket", _text),
    "proxy.httpProxy": ("proxy.httpProxy", _text),
    "proxy.httpsProxy": ("proxy.httpsProxy", _text),
    "proxy.noProxy": ("proxy.noProxy", _text),
}

# Key of the secrets chart -> key below `secrets`.
SECRET: Mapping[str, str] = {
    "auth.authIdToken": "auth.idToken",
    "auth.auth_client_secret": "auth.internalClientSecret",
    "auth.oidc.token_cache.client_secret": "auth.tokenCacheSecret",
    "msgsvc.basePasswd": "msgsvc.basePassword",
    "panda.database.password": "panda.databasePassword",
    "harvester.database.password": "harvester.databasePassword",
    "idds.database.password": "idds.databasePassword",
    "bigmon.database.password": "bigmon.databasePassword",
    "bigmon.secretKey": "bigmon.secretKey",
    "ui.secret": "ui.secretKey",
    "ui.database.pandaui.password": "ui.databasePassword",
    "ui.iam.secret": "ui.clientSecret",
    "iam.database.password": "iam.databasePassword",
    "iam.cilogon.client_secret": "iam.identityProviderSecret",
    "rucio.password": "rucio.password",
    "object_store.accesskey": "objectStore.accessKey",
    "object_store.access_key": "objectStore.accessKey",
    "object_store.secretkey": "objectStore.secretKey",
    "object_store.secret_key": "objectStore.secretKey",
}

_NO_CONSUMER = "only fills a Secret that no chart reads"
_DERIVED = "follows from other keys of the stack"

# Values that need no place, with the reason.
SETTLED: Mapping[str, str] = {
    **{
        f"{name}.enabled": "a component is deployed when the stack file names it"
        for name in ("msgsvc", "panda", "harvester", "idds", "bigmon", "ui", "iam")
    },
    "harvester.database.admin_password": _NO_CONSUMER,
    "harvester.replicaCount": "follows from the replicas of harvester",
    "iam.database.root_password": _NO_CONSUMER,
    "bigmon.base_url": "is read by no template",
    "bigmon.dbaccess": _DERIVED,
}

# Values that need no place as long as they are the charts' fixed ones.
USUAL: Mapping[str, str] = {"panda.verifyHost": "off", "panda.configRoot": "/tmp/", "iam.port": "8443"}  # noqa: S108

# Keys that are placed by code instead of the tables above.
_OTHERS = (
    "cric.real",
    "panda.hostName",
    "bigmon.hostname",
    "harvester.experiment",
    "bigmon.auth.providers.x.key",
)

KEYS = (*PLAIN, *SECRET, *SETTLED, *USUAL, *_OTHERS)

# Keys that mean the same empty in upstream's chart as left out of a stack.
SAME_WHEN_EMPTY = frozenset(
    {
        "affix",
        "auth.authIdToken",
        "auth.auth_client_id",
        "auth.auth_client_secret",
        "auth.config_url",
        "panda.existingTlsSecret",
        "bigmon.existingTlsSecret",
        "panda.database.backend",
        "panda.database.dbhost",
        "panda.database.name",
        "panda.database.user",
        "panda.database.schemapanda",
        "panda.database.schemameta",
        "panda.database.schemapandaarch",
        "panda.database.schemajedi",
        "panda.database.schemadeft",
        "panda.hostName",
        "harvester.experiment",
        "harvester.database.dbhost",
        "harvester.database.name",
        "harvester.database.user",
        "harvester.database.dbhost_add_index",
        "harvester.database.dbhost_prefix",
        "harvester.database.dbhost_domain",
        "harvester.database.db_add_index",
        "harvester.database.name_prefix",
        "idds.database.backend",
        "idds.database.host",
        "idds.database.dbhost",
        "idds.database.port",
        "bigmon.hostname",
        "bigmon.dbBackend",
        "bigmon.database.backend",
        "bigmon.database.dbhost",
        "bigmon.database.dbport",
        "bigmon.database.name",
        "bigmon.database.user",
        "bigmon.database.password",
        "bigmon.debugMode",
        "bigmon.bigmon_extra",
        "bigmon.logs_provider",
        "bigmon.prmonLocation",
        "ui.database.pandaui.host",
        "ui.database.pandaui.port",
        "iam.database.host",
        "rucio.authType",
        "rucio.caCert",
        "rucio.oidcAudience",
        "rucio.oidcScope",
        "rucio.oidcIssuer",
        "rucio.oidcRefreshActive",
        "rucio.oidcRefreshBeforeExp",
        "rucio.rucioHost",
        "rucio.account",
        "cric.costMetrix",
        "cric.objectStores",
        "proxy.httpProxy",
        "proxy.httpsProxy",
        "proxy.noProxy",
    }
)
