"""The receivers of alerts: Alertmanager's configuration, as an object of Prometheus' operator or as a whole file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from panda_infra.config.monitoring import MailReceiver, MonitoringSecrets, Receivers

__all__ = ["FILE", "NAME", "SECRET_KEYS", "configuration", "credential", "operators_spec"]

NAME = "panda-infra-alertmanager"
"""The name of the Secret, and of the operator's object."""
FILE = "alertmanager.yaml"
"""The key of the Secret with a whole configuration."""
SECRET_KEYS = ("webhookUrl", "mailPassword")
"""The keys of the Secret that the operator's object names."""

_RECEIVER = "stack"
_GROUPS = ["alertname", "component"]


def operators_spec(receivers: Receivers) -> dict[str, Any]:
    """The specification of an AlertmanagerConfig; the operator limits it to alerts of its own namespace."""
    receiver: dict[str, Any] = {"name": _RECEIVER}
    if receivers.webhook:
        receiver["webhookConfigs"] = [{"urlSecret": _key(SECRET_KEYS[0]), "sendResolved": True}]
    if mail := receivers.mail:
        login = {"authUsername": mail.user, "authPassword": _key(SECRET_KEYS[1])} if mail.user else {}
        receiver["emailConfigs"] = [
            {
                "to": ", ".join(mail.to),
                "from": mail.sender,
                "smarthost": mail.server,
                "requireTLS": mail.require_tls,
                "sendResolved": True,
                **login,
            }
        ]
    times = {"groupWait": "30s", "groupInterval": "5m", "repeatInterval": f"{receivers.repeat_hours}h"}
    route = {"receiver": _RECEIVER, "groupBy": _GROUPS, **times}
    return {"route": route, "receivers": [receiver]}


def _key(key: str) -> dict[str, str]:
    return {"name": NAME, "key": key}


def credential(receivers: Receivers, secrets: MonitoringSecrets) -> dict[str, str]:
    """The content of the Secret for the operator's object: the values that it names."""
    values = (
        secrets.webhook_url if receivers.webhook else None,
        secrets.mail_password if receivers.mail and receivers.mail.user else None,
    )
    return {key: value.get_secret_value() for key, value in zip(SECRET_KEYS, values, strict=True) if value}


def configuration(receivers: Receivers, secrets: MonitoringSecrets, labels: Mapping[str, str]) -> str:
    """A whole configuration of Alertmanager for alerts with these labels; others go nowhere. It has secrets."""
    receiver: dict[str, Any] = {"name": _RECEIVER}
    if receivers.webhook and secrets.webhook_url:
        receiver["webhook_configs"] = [{"url": secrets.webhook_url.get_secret_value(), "send_resolved": True}]
    if receivers.mail:
        receiver["email_configs"] = [_mail(receivers.mail, secrets)]
    times = {
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": f"{receivers.repeat_hours}h",
    }
    own = {"matchers": [f'{key}="{text}"' for key, text in labels.items()], "receiver": _RECEIVER}
    whole = {
        "route": {"receiver": "nobody", "group_by": _GROUPS, **times, "routes": [own]},
        "receivers": [{"name": "nobody"}, receiver],
    }
    return yaml.safe_dump(whole, sort_keys=False)


def _mail(mail: MailReceiver, secrets: MonitoringSecrets) -> dict[str, Any]:
    login: dict[str, Any] = {}
    if mail.user and secrets.mail_password:
        login = {"auth_username": mail.user, "auth_password": secrets.mail_password.get_secret_value()}
    return {
        "to": ", ".join(mail.to),
        "from": mail.sender,
        "smarthost": mail.server,
        "require_tls": mail.require_tls,
        "send_resolved": True,
        **login,
    }
