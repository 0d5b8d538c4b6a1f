"""Monitoring of a stack: who collects its metrics and judges its alerts."""

from typing import Annotated, Literal

from panda_infra.config.base import DnsLabel, Form, Model

__all__ = ["Monitoring"]

_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LabelName = Annotated[
    str,
    Form(
        rf"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?{_NAME}",
        "the name of a label: letters, digits, dots, dashes and underscores, after a domain and a slash or not",
        "release",
        longest=317,
    ),
]
_LabelValue = Annotated[
    str,
    Form(
        rf"|{_NAME}",
        "the value of a label: at most 63 letters, digits, dots, dashes and underscores",
        "prometheus",
        longest=63,
    ),
]


class Monitoring(Model):
    """Shows the stack's metrics to a Prometheus that the cluster has, and gives it alerts and dashboards."""

    kind: Literal["prometheusOperator", "annotations", "none"]
    """prometheusOperator: objects of the Prometheus operator, which must be in the cluster; annotations: Services with
    annotations that Prometheus' own chart looks for, alerts as a ConfigMap; none: nothing of all this."""
    namespace: DnsLabel = "monitoring"
    """Namespace of Prometheus, which network policies let in."""
    labels: dict[_LabelName, _LabelValue] = {}
    """Labels of the objects for Prometheus, by which it chooses those that it reads."""
