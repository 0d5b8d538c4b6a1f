"""Backups as Kubernetes resources."""

from __future__ import annotations

import pulumi

from panda_infra.config.backup import BackupSecrets
from panda_infra.delivery.secrets import bucket_keys, own_secret
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.backup import CREDENTIAL_KEYS, NAME, backup_objects, uses_bucket
from panda_infra.plan.model import Plan

__all__ = ["BackupResources", "credential"]


class BackupResources(pulumi.ComponentResource):
    """Every object of backups. ``opts`` are those of each object.

    The claim of a protected stack stays when the stack file drops its backups, because it holds them.
    """

    def __init__(self, plan: Plan, secrets: BackupSecrets, opts: pulumi.ResourceOptions) -> None:
        super().__init__("panda-infra:delivery:Backup", "backup")
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        made: list[pulumi.Resource] = []
        if uses_bucket(plan):
            made.append(own_secret(plan, "backup-bucket", NAME, credential(secrets), own))
        stays = pulumi.ResourceOptions(retain_on_delete=plan.config.lifecycle.protect)
        for each in backup_objects(plan):
            needs = pulumi.ResourceOptions(depends_on=list(made) if each.kind == "CronJob" else [])
            kept = stays if each.kind == "PersistentVolumeClaim" else None
            resource = KubernetesObject(
                each.kind,
                f"backup-{each.name}",
                {"apiVersion": each.api, **each.fields},
                pulumi.ResourceOptions.merge(pulumi.ResourceOptions.merge(own, needs), kept),
            )
            if each.kind != "CronJob":
                made.append(resource)
        self.register_outputs({})


def credential(secrets: BackupSecrets) -> dict[str, str]:
    """The content of the Secret with the bucket's credentials, encoded as the API has it."""
    return bucket_keys(CREDENTIAL_KEYS, secrets.access_key, secrets.secret_key)
