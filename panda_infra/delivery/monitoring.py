"""Monitoring as Kubernetes resources."""

from __future__ import annotations

import pulumi

from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.objects import monitoring_objects

__all__ = ["MonitoringResources"]

# What pods of an exporter need before they can start.
_FIRST = ("ConfigMap", "Secret")
# An exporter, and a Service without pods, must not keep a deployment of the stack from its end.
_NOT_AWAITED = {"pulumi.com/skipAwait": "true"}
_AWAITED_OTHERWISE = ("Deployment", "Service")


class MonitoringResources(pulumi.ComponentResource):
    """Every object of monitoring. ``opts`` are those of each object."""

    def __init__(self, plan: Plan, opts: pulumi.ResourceOptions) -> None:
        super().__init__("panda-infra:delivery:Monitoring", "monitoring")
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        first: list[pulumi.Resource] = []
        for each in monitoring_objects(plan):
            fields = {"apiVersion": each.api, **each.fields}
            if each.kind in _AWAITED_OTHERWISE:
                metadata = fields["metadata"]
                annotations = {**_NOT_AWAITED, **metadata["annotations"]}
                fields["metadata"] = {**metadata, "annotations": annotations}
            needs = pulumi.ResourceOptions(depends_on=list(first) if each.kind == "Deployment" else [])
            made = KubernetesObject(
                each.kind, f"monitoring-{each.name}", fields, pulumi.ResourceOptions.merge(own, needs)
            )
            if each.kind in _FIRST:
                first.append(made)
        self.register_outputs({})
