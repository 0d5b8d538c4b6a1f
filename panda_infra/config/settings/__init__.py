"""Settings that end up inside Secrets without being secret themselves."""

from panda_infra.config.settings.auth import AuthSettings, InternalClient, OidcClient, TokenCache
from panda_infra.config.settings.bigmon import AuthProvider, BigmonSettings, ObjectStoreSettings, ProviderName
from panda_infra.config.settings.broker import Channel, MsgsvcSettings
from panda_infra.config.settings.external import CricSettings, CricUrls, ProxySettings, RucioSettings
from panda_infra.config.settings.harvester import HarvesterSettings
from panda_infra.config.settings.iam import IamSettings, IdentityProvider, Mail
from panda_infra.config.settings.idds import IddsSettings
from panda_infra.config.settings.panda import PandaSettings
from panda_infra.config.settings.ui import UiSettings

__all__ = [
    "AuthProvider",
    "AuthSettings",
    "BigmonSettings",
    "Channel",
    "CricSettings",
    "CricUrls",
    "HarvesterSettings",
    "IamSettings",
    "IddsSettings",
    "IdentityProvider",
    "InternalClient",
    "Mail",
    "MsgsvcSettings",
    "ObjectStoreSettings",
    "OidcClient",
    "PandaSettings",
    "ProviderName",
    "ProxySettings",
    "RucioSettings",
    "TokenCache",
    "UiSettings",
]
