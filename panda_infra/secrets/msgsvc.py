"""The broker's Secret."""

from __future__ import annotations

from panda_infra.config.settings import Channel, MsgsvcSettings
from panda_infra.secrets.content import Env, reveal
from panda_infra.secrets.context import Context

__all__ = ["envs", "password"]


def envs(context: Context) -> Env:
    """msgsvc-envs."""
    msgsvc = context.config.components.msgsvc
    settings = msgsvc.settings if msgsvc else MsgsvcSettings()
    return {
        "ACTIVEMQ_BASE_PASSWD": reveal(context.secrets.msgsvc.base_password),
        "ACTIVEMQ_ACCOUNTS": ";".join(settings.accounts),
        "ACTIVEMQ_CHANNELS": ";".join(_channel(channel) for channel in settings.channels),
    }


def password(context: Context, account: str) -> str:
    """The password of an account, by the rule of the broker's own start script (T4)."""
    return f"{reveal(context.secrets.msgsvc.base_password)}_{account}"


def _channel(channel: Channel) -> str:
    return f"{channel.name}:{','.join(channel.writers)}:{','.join(channel.readers)}"
