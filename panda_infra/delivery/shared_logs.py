"""The claim that components share for their logs.

Upstream's harvester chart makes it, but earlier releases already mount it (T20): so it is made first, as a resource
of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import SharedClaim

__all__ = ["shared_logs"]

_ACCESS = ["ReadWriteMany"]
_DRIVER = "cephfs.manila.csi.openstack.org"
_DRIVER_SECRET = {"name": "os-trustee", "namespace": "kube-system"}
_NOT_AWAITED = {"pulumi.com/skipAwait": "true"}


def shared_logs(
    claim: SharedClaim,
    *,
    namespace: str,
    volume_name: str,
    mark: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> KubernetesObject:
    """The claim, with a static volume if it names a Manila share; ``mark`` is the annotation of their owner."""
    annotations = {**_NOT_AWAITED, **mark}
    spec: dict[str, object] = {
        "accessModes": _ACCESS,
        "storageClassName": claim.storage_class,
        "resources": {"requests": {"storage": claim.size}},
    }
    if claim.share_id:
        fields = _volume(claim, volume_name, annotations)
        volume = KubernetesObject("PersistentVolume", volume_name, fields, opts)
        spec["volumeName"] = volume_name
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[volume]))
    # Not awaited: some storage classes bind a claim only when its first pod starts.
    metadata = {"name": claim.name, "namespace": namespace, "annotations": annotations}
    return KubernetesObject("PersistentVolumeClaim", claim.name, {"metadata": metadata, "spec": spec}, opts)


def _volume(claim: SharedClaim, name: str, annotations: Mapping[str, str]) -> dict[str, object]:
    return {
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
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
    }
