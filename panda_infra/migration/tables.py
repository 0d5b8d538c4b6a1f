"""Where each value of upstream's secrets chart belongs: one row per key, nothing else knows these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["PLAIN", "SECRET", "SETTLED", "USUAL", "Convert"]

Convert = Callable[[str], Any]


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _profiles(text: str) -> list[str]:
    return [word for word in _words(text) if word != "oidc"]  # added where there is an identity provider


def _file_name(text: str) -> str:
    return text.rpartition("/")[2]


# Key of the secrets chart -> key of the stack file, with a conversion where the forms differ.
PLAIN: Mapping[str, tuple[str, Convert]] = {
    "affix": ("affix", str),
    "auth.auth": ("auth.kind", str),
    "auth.authVO": ("auth.vo", str),
    "auth.auth_client_id": ("auth.internal.clientId", str),
    "auth.auth_endpoint": ("auth.internal.tokenEndpoint", str),
    "auth.config_url": ("auth.internal.configUrl", str),
    "auth.oidc.audience": ("auth.audience", str),
    "auth.oidc.config_url": ("auth.configUrl", str),
    "auth.oidc.token_cache.client_name": ("auth.tokenCache.clientName", str),
    "auth.oidc.token_cache.client_id": ("auth.tokenCache.clientId", str),
    "auth.oidc.token_cache.endpoint": ("auth.tokenCache.tokenEndpoint", str),
    "panda.database.backend": ("components.panda.settings.database.backend", str),
    "panda.database.dbhost": ("components.panda.settings.database.host", str),
    "panda.database.dbport": ("components.panda.settings.database.port", int),
    "panda.database.name": ("components.panda.settings.database.name", str),
    "panda.database.user": ("components.panda.settings.database.user", str),
    "panda.database.schemapanda": ("components.panda.settings.database.schemas.panda", str),
    "panda.database.schemameta": ("components.panda.settings.database.schemas.meta", str),
    "panda.database.schemapandaarch": ("components.panda.settings.database.schemas.archive", str),
    "panda.database.schemajedi": ("components.panda.settings.database.schemas.jedi", str),
    "panda.database.schemadeft": ("components.panda.settings.database.schemas.deft", str),
    "panda.port": ("components.panda.settings.port", int),
    "panda.sslPort": ("components.panda.settings.sslPort", int),
    "harvester.harvesterID": ("components.harvester.settings.harvesterId", str),
    "harvester.database.dbhost": ("components.harvester.settings.database.host", str),
    "harvester.database.dbhost_prefix": ("components.harvester.settings.database.hostPerReplica", str),
    "harvester.database.dbhost_domain": ("components.harvester.settings.database.domainPerReplica", str),
    "harvester.database.name": ("components.harvester.settings.database.name", str),
    "harvester.database.user": ("components.harvester.settings.database.user", str),
    "harvester.database.db_add_index": ("components.harvester.settings.database.databasePerReplica", _truth),
    "harvester.condorChannel": ("components.harvester.settings.condorChannel", str),
    "idds.restPort": ("components.idds.settings.restPort", int),
    "idds.database.backend": ("components.idds.settings.database.backend", str),
    "idds.database.host": ("components.idds.settings.database.host", str),
    "idds.database.dbhost": ("components.idds.settings.database.host", str),
    "idds.database.port": ("components.idds.settings.database.port", int),
    "idds.database.name": ("components.idds.settings.database.name", str),
    "idds.database.user": ("components.idds.settings.database.user", str),
    "idds.database.schema": ("components.idds.settings.database.schemaName", str),
    "bigmon.deployment": ("components.bigmon.settings.deployment", str),
    "bigmon.dbBackend": ("components.bigmon.settings.database.backend", str),
    "bigmon.database.backend": ("components.bigmon.settings.database.backend", str),
    "bigmon.database.dbhost": ("components.bigmon.settings.database.host", str),
    "bigmon.database.dbport": ("components.bigmon.settings.database.port", int),
    "bigmon.database.name": ("components.bigmon.settings.database.name", str),
    "bigmon.database.user": ("components.bigmon.settings.database.user", str),
    "bigmon.numWSGI": ("components.bigmon.settings.processes", int),
    "bigmon.vo": ("components.bigmon.settings.vo", str),
    "bigmon.debugMode": ("components.bigmon.settings.debug", _truth),
    "bigmon.bigmon_extra": ("components.bigmon.settings.extraApps", _words),
    "bigmon.logs_provider": ("components.bigmon.settings.logsProvider", str),
    "bigmon.prmonLocation": ("components.bigmon.settings.prmonLocation", str),
    "ui.numWSGI": ("components.ui.settings.processes", int),
    "ui.database.pandaui.vendor": ("components.ui.settings.database.vendor", str),
    "ui.database.pandaui.host": ("components.ui.settings.database.host", str),
    "ui.database.pandaui.port": ("components.ui.settings.database.port", int),
    "ui.database.pandaui.service": ("components.ui.settings.database.name", str),
    "ui.database.pandaui.user": ("components.ui.settings.database.user", str),
    "ui.database.schema.panda": ("components.ui.settings.database.pandaSchema", str),
    "ui.database.schema.pandaui": ("components.ui.settings.database.uiSchema", str),
    "ui.iam.endpoint": ("components.ui.settings.issuer", str),
    "ui.iam.client": ("components.ui.settings.clientId", str),
    "iam.profiles": ("components.iam.settings.profiles", _profiles),
    "iam.base_url": ("components.iam.settings.baseUrl", str),
    "iam.database.host": ("components.iam.settings.database.host", str),
    "iam.database.name": ("components.iam.settings.database.name", str),
    "iam.database.user": ("components.iam.settings.database.user", str),
    "iam.cilogon.client_id": ("components.iam.settings.identityProvider.clientId", str),
    "rucio.rucioHost": ("rucio.host", str),
    "rucio.authHost": ("rucio.authHost", str),
    "rucio.account": ("rucio.account", str),
    "rucio.username": ("rucio.username", str),
    "rucio.authType": ("rucio.authType", str),
    "rucio.clientX509Proxy": ("rucio.proxy", _file_name),
    "rucio.caCert": ("rucio.caCertificates", str),
    "rucio.oidcAudience": ("rucio.oidcAudience", str),
    "rucio.oidcScope": ("rucio.oidcScope", str),
    "rucio.oidcIssuer": ("rucio.oidcIssuer", str),
    "rucio.oidcRefreshActive": ("rucio.oidcRefresh", _truth),
    "rucio.oidcRefreshBeforeExp": ("rucio.oidcRefreshMinutes", int),
    "cric.sites": ("cric.urls.sites", str),
    "cric.schedConfig": ("cric.urls.pandaQueues", str),
    "cric.ddmEndpoints": ("cric.urls.ddmEndpoints", str),
    "cric.ddmBlackList": ("cric.urls.ddmBlacklist", str),
    "cric.costMetrix": ("cric.urls.costMatrix", str),
    "cric.objectStores": ("cric.urls.objectStores", str),
    "object_store.host": ("objectStore.host", str),
    "object_store.host_name": ("objectStore.host", str),
    "object_store.port": ("objectStore.port", int),
    "object_store.bucket": ("objectStore.bucket", str),
    "object_store.bucket_name": ("objectStore.bucket", str),
    "proxy.httpProxy": ("proxy.httpProxy", str),
    "proxy.httpsProxy": ("proxy.httpsProxy", str),
    "proxy.noProxy": ("proxy.noProxy", str),
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

# Values that need no place, and why.
SETTLED: Mapping[str, str] = {
    **{
        f"{name}.enabled": "a component is deployed when the stack file names it"
        for name in ("msgsvc", "panda", "harvester", "idds", "bigmon", "ui", "iam")
    },
    "harvester.database.admin_password": _NO_CONSUMER,
    "harvester.database.dbhost_add_index": "hostPerReplica says it",
    "harvester.database.name_prefix": "databasePerReplica says it",
    "harvester.replicaCount": "follows from the replicas of harvester",
    "iam.database.root_password": _NO_CONSUMER,
    "bigmon.base_url": "is read by no template",
    "bigmon.dbaccess": _DERIVED,
}

# Values that need no place while they are what the charts fix anyway.
USUAL: Mapping[str, str] = {"panda.verifyHost": "off", "panda.configRoot": "/tmp/", "iam.port": "8443"}  # noqa: S108
