"""Node recovery as Kubernetes resources."""

from __future__ import annotations

import pulumi

from panda_infra.clients.pod.nova import ID, SECRET
from panda_infra.config.node_recovery_secrets import NodeRecoverySecrets
from panda_infra.delivery.secrets import encoded, own_secret
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Plan
from panda_infra.plan.node_recovery import NAME, node_recovery_objects

__all__ = ["NodeRecoveryResources"]


class NodeRecoveryResources(pulumi.ComponentResource):
    """Every object of node recovery; the Deployment is ready when its pods are. ``opts`` are those of each object."""

    def __init__(self, plan: Plan, secrets: NodeRecoverySecrets, opts: pulumi.ResourceOptions) -> None:
        super().__init__("panda-infra:delivery:NodeRecovery", "node-recovery")
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        made: list[pulumi.Resource] = []
        if content := _credential(plan, secrets):
            made.append(own_secret(plan, "node-recovery-nova", NAME, content, own))
        for each in node_recovery_objects(plan):
            # Only the Deployment needs the other objects.
            needs = pulumi.ResourceOptions(depends_on=list(made) if each.kind == "Deployment" else [])
            made.append(
                KubernetesObject(
                    each.kind,
                    f"node-recovery-{each.name}",
                    {"apiVersion": each.api, **each.fields},
                    pulumi.ResourceOptions.merge(own, needs),
                )
            )
        self.register_outputs({})


def _credential(plan: Plan, secrets: NodeRecoverySecrets) -> dict[str, str]:
    settings = plan.config.node_recovery
    if settings is None or settings.confirm != "nova":
        return {}
    return encoded({ID: secrets.credential_id, SECRET: secrets.credential_secret})
