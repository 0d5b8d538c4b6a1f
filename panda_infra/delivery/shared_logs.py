"""The claim that components share for their logs.

Upstream's harvester release makes it, while releases before that one already mount it (T20): it is made first, on
its own.
"""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1 import PersistentVolume, PersistentVolumeClaim

from panda_infra.plan.model import SharedClaim

__all__ = ["shared_logs"]

_ACCESS = ["ReadWriteMany"]
_DRIVER = "cephfs.manila.csi.openstack.org"
_DRIVER_SECRET = {"name": "os-trustee", "namespace": "kube-system"}


def shared_logs(
    claim: SharedClaim, *, namespace: pulumi.Input[str], volume_name: str, opts: pulumi.ResourceOptions
) -> PersistentVolumeClaim:
    """The claim, with its static volume when it names a Manila share."""
    spec: dict[str, object] = {
        "accessModes": _ACCESS,
        "storageClassName": claim.storage_class,
        "resources": {"requests": {"storage": claim.size}},
    }
    if claim.share_id:
        volume = _manila_volume(claim, volume_name, opts)
        spec["volumeName"] = volume.metadata.name
    return PersistentVolumeClaim(
        claim.name,
        # A class may bind only when the first pod uses the claim: the releases await that, not this.
        metadata={
            "name": claim.name,
            "namespace": namespace,
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        spec=spec,
        opts=opts,
    )


def _manila_volume(claim: SharedClaim, name: str, opts: pulumi.ResourceOptions) -> PersistentVolume:
    return PersistentVolume(
        name,
        metadata={"name": name, "annotations": {"pulumi.com/skipAwait": "true"}},
        spec={
            "accessModes": _ACCESS,
            "capacity": {"storage": claim.size},
            "storageClassName": claim.storage_class,
            "persistentVolumeReclaimPolicy": "Retain",
            "csi": {
                "driver": _DRIVER,
                "volumeHandle": name,
                "nodeStageSecretRef": _DRIVER_SECRET,
                "nodePublishSecretRef": _DRIVER_SECRET,
                "volumeAttributes": {"shareID": claim.share_id, "shareAccessID": claim.share_access_id},
            },
        },
        opts=opts,
    )
