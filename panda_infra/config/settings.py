"""Settings that end up inside Secrets without being secret themselves."""

from __future__ import annotations

from panda_infra.config.base import Model


class MsgsvcSettings(Model):
    """Accounts and channels of the broker."""


class IamSettings(Model):
    """IAM."""


class PandaSettings(Model):
    """PanDA."""


class HarvesterSettings(Model):
    """Harvester."""


class IddsSettings(Model):
    """iDDS."""


class BigmonSettings(Model):
    """BigMon."""


class UiSettings(Model):
    """UI."""


class AuthSettings(Model):
    """OIDC."""


class RucioSettings(Model):
    """Rucio."""


class CricSettings(Model):
    """CRIC."""


class ProxySettings(Model):
    """Proxies."""


class ObjectStoreSettings(Model):
    """Object store."""
