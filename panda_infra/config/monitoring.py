"""Monitoring of a stack: its metrics, logs and traces, its alerts and their receivers."""

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from panda_infra.config.base import PORT, DnsLabel, Form, LabelName, LabelValue, Model
from panda_infra.products.secret_values import SecretValue
from panda_infra.products.settings import Url

__all__ = [
    "LogSearch",
    "Logs",
    "MailReceiver",
    "Monitoring",
    "MonitoringSecrets",
    "Receivers",
    "Traces",
    "receivers_of",
]

_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_Mail = Annotated[
    str,
    Form(
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*",
        "a mail address",
        "panda-operators@site.org",
        longest=254,
    ),
]
_Server = Annotated[
    str, Form(rf"[A-Za-z0-9.-]+:{PORT}", "a mail server and its port", "smtp.site.org:587", longest=260)
]
_ADDRESS = r"https?://[^\s\"'<>]+"


class MailReceiver(Model):
    """Mails about alerts."""

    to: Annotated[tuple[_Mail, ...], Field(min_length=1)]
    """Addresses that the mails go to."""
    sender: _Mail
    """Address that the mails come from."""
    server: _Server
    """Mail server that sends them."""
    user: Annotated[str, Form(r"\S+", "a user without blanks", "alerts", longest=254)] | None = None
    """User of the log-in at that server, by the secret `monitoring.mailPassword`; default: no log-in."""
    require_tls: bool = True
    """Whether the server must offer TLS."""


class Receivers(Model):
    """Receivers of a message when an alert begins and ends, from the cluster's Alertmanager."""

    webhook: bool = False
    """Posts alerts to the address that is the secret `monitoring.webhookUrl`."""
    mail: MailReceiver | None = None
    """Sends mails."""
    repeat_hours: Annotated[int, Field(ge=1, le=168)] = 12
    """Hours until an alert that goes on is sent again."""


class LogSearch(Model):
    """The store in which `verify` searches shipped logs."""

    kind: Literal["loki", "victoriaLogs"]
    """The store, whose API `verify` queries."""
    url: Url
    """Its address, to which `/loki/api/v1/query` or `/select/logsql/query` is added."""


class Logs(Model):
    """Ships what the stack's pods write to standard output, by the OpenTelemetry Collector on each node."""

    endpoint: Url
    """Address that takes OTLP, to which `/v1/logs` is added: Loki's is `https://loki.site.org/otlp`."""
    tenant: Annotated[str, Form(_NAME, "the name of a tenant", "site", longest=63)] | None = None
    """Tenant of Loki (`X-Scope-OrgID`)."""
    user: (
        Annotated[str, Form(r"[^\s:]+", "a user without blanks and colons", "shipper", longest=254)] | None
    ) = None
    """User of the log-in there, by the secret `monitoring.logsPassword`; default: no log-in."""
    search: LogSearch | None = None
    """Where `verify` looks for them, with the same tenant and user."""


class Traces(Model):
    """Sends traces of the components that make some."""

    endpoint: Url
    """Address that takes OTLP by HTTP, to which `/v1/traces` is added: a collector's, such as
    `http://otel-collector.monitoring.svc:4318`; a component that also has metrics and logs to send adds theirs."""


class Monitoring(Model):
    """Shows the stack's metrics to a Prometheus of the cluster, with alerts and dashboards, and ships its logs."""

    kind: Literal["prometheusOperator", "annotations", "none"] = "none"
    """prometheusOperator: objects of the Prometheus operator, which must be in the cluster; annotations: Services with
    annotations that Prometheus' own chart looks for, alerts as a ConfigMap; none: no metrics."""
    namespace: DnsLabel = "monitoring"
    """Namespace of Prometheus, which network policies let in."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels of the objects for Prometheus, by which it chooses those that it reads."""
    receivers: Receivers | None = None
    """Receivers of the stack's alerts; default: those that the Alertmanager of the cluster has anyway."""
    logs: Logs | None = None
    """Where the stack's logs are shipped; default: nowhere."""
    traces: Traces | None = None
    """Where traces are sent; default: nowhere."""


def _flaw(text: str) -> str | None:
    return None if re.fullmatch(_ADDRESS, text) else "is no address of HTTP"


class MonitoringSecrets(Model):
    """Credentials of the receivers of alerts, and of the shipper of logs."""

    webhook_url: Annotated[
        SecretStr | None,
        SecretValue(
            title="address to which alerts are posted, which often contains a token",
            needed=lambda config: receivers_of(config.monitoring).webhook,
            flaw=_flaw,
            stand_in=lambda: "https://alerts.invalid/stand-in",
        ),
    ] = None
    """Address to which alerts are posted."""
    mail_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user at the mail server for alerts",
            needed=lambda config: (
                (mail := receivers_of(config.monitoring).mail) is not None and mail.user is not None
            ),
        ),
    ] = None
    """Password of `monitoring.receivers.mail.user`."""
    logs_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the user who ships logs",
            needed=lambda config: (
                config.monitoring is not None
                and config.monitoring.logs is not None
                and config.monitoring.logs.user is not None
            ),
        ),
    ] = None
    """Password of `monitoring.logs.user`."""


def receivers_of(monitoring: Monitoring | None) -> Receivers:
    """The receivers of a stack; without any if the stack file names none."""
    if monitoring is None or monitoring.kind == "none":
        return Receivers()
    return monitoring.receivers or Receivers()
