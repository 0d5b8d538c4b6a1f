"""Monitoring as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode

import pulumi

from panda_infra.config.monitoring import MonitoringSecrets
from panda_infra.delivery.secrets import own_secret
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring import logs
from panda_infra.plan.monitoring.exporters import monitoring_of
from panda_infra.plan.monitoring.objects import monitoring_objects
from panda_infra.plan.monitoring.receivers import FILE, NAME, configuration, credential
from panda_infra.products.content import reveal

__all__ = ["MonitoringResources", "logs_secret", "receivers_secret"]

# The pods of exporters, and the operator, read these objects when they start.
_FIRST = ("ConfigMap",)
_SECOND = ("DaemonSet", "Deployment", "AlertmanagerConfig")
# A deployment of the stack does not wait for exporters, shippers and Services without pods.
_NOT_AWAITED = {"pulumi.com/skipAwait": "true"}
_AWAITED_OTHERWISE = ("DaemonSet", "Deployment", "Service")


class MonitoringResources(pulumi.ComponentResource):
    """Every object of monitoring. ``opts`` are those of each object."""

    def __init__(self, plan: Plan, secrets: MonitoringSecrets, opts: pulumi.ResourceOptions) -> None:
        super().__init__("panda-infra:delivery:Monitoring", "monitoring")
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        first: list[pulumi.Resource] = []
        if content := receivers_secret(plan, secrets):
            first.append(own_secret(plan, "monitoring-receivers", NAME, content, own))
        if content := logs_secret(plan, secrets):
            first.append(own_secret(plan, "monitoring-logs", logs.NAME, content, own))
        for each in monitoring_objects(plan):
            fields = {"apiVersion": each.api, **each.fields}
            if each.kind in _AWAITED_OTHERWISE:
                metadata = fields["metadata"]
                annotations = {**_NOT_AWAITED, **metadata["annotations"]}
                fields["metadata"] = {**metadata, "annotations": annotations}
            needs = pulumi.ResourceOptions(depends_on=list(first) if each.kind in _SECOND else [])
            made = KubernetesObject(
                each.kind, f"monitoring-{each.name}", fields, pulumi.ResourceOptions.merge(own, needs)
            )
            if each.kind in _FIRST:
                first.append(made)
        self.register_outputs({})


def receivers_secret(plan: Plan, secrets: MonitoringSecrets) -> dict[str, str]:
    """The content of the Secret for Alertmanager, encoded as the API has it; empty without receivers."""
    section = monitoring_of(plan.config)
    if section is None or section.receivers is None:
        return {}
    if section.kind == "prometheusOperator":
        content = credential(section.receivers, secrets)
    else:
        content = {FILE: configuration(section.receivers, secrets, {"stack": plan.stack})}
    return {key: b64encode(text.encode()).decode() for key, text in content.items()}


def logs_secret(plan: Plan, secrets: MonitoringSecrets) -> dict[str, str]:
    """The content of the Secret for the shipper of logs, encoded as the API has it; empty without a log-in."""
    section = logs.shipping(plan.config)
    if section is None or section.user is None:
        return {}
    login = f"{section.user}:{reveal(secrets.logs_password)}".encode()
    # HTTP's basic log-in is base64, and so is each value in the API.
    return {logs.CREDENTIAL: b64encode(b64encode(login)).decode()}
