"""Binds the claims of the bed's storage classes and deletes their volumes: ``python -m testbed.provisioner``.

Follows Kubernetes' contract of an external provisioner: an annotation of the controllers requests a volume (for
WaitForFirstConsumer only after the scheduler has chosen a node). The provisioner makes the volume for exactly that
claim; after the claim's end it deletes the volume and removes its own finalizer.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from testbed.api import Api, ApiError, Object, UnreachableError
from testbed.magnum import PROVISIONER

ON_NODES = "/var/lib/volumes"
"""The folder where real nodes see the volumes."""
FINALIZER = f"{PROVISIONER}/finalizer"

_TURN = "volume.kubernetes.io/storage-provisioner"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_CLAIMS = "/api/v1/persistentvolumeclaims"
_VOLUMES = "/api/v1/persistentvolumes"
_NOT_FOUND, _CONFLICT = 404, 409
_PAUSE = 0.2


def awaits_volume(claim: Object) -> bool:
    """Return whether the claim requests a volume of this provisioner."""
    metadata = claim["metadata"]
    return (
        (metadata.get("annotations") or {}).get(_TURN) == PROVISIONER
        and "deletionTimestamp" not in metadata
        and not claim["spec"].get("volumeName")
    )


def volume_for(claim: Object, storage_class: Object, path: str | None = None) -> Object:
    """The volume that can be bound only to this claim.

    Args:
        claim: the claim that waits for it.
        storage_class: the claim's class.
        path: the folder on every node with a folder for each volume; without it the volume has no content.
    """
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{metadata['uid']}"
    return {
        "metadata": {"name": name, "annotations": {_PROVISIONED_BY: PROVISIONER}, "finalizers": [FINALIZER]},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "storageClassName": spec["storageClassName"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "mountOptions": storage_class.get("mountOptions"),
            **_source(name, path),
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
        },
    }


def _source(name: str, path: str | None) -> Object:
    if path is None:
        return {"csi": {"driver": PROVISIONER, "volumeHandle": name}}
    return {"hostPath": {"path": f"{path}/{name}", "type": "Directory"}}


def refusal(claim: Object, storage_class: Object) -> str | None:
    """The reason why no volume can be made for the claim, as an external provisioner words it; None if it can."""
    if claim["spec"].get("selector"):
        return "claim Selector is not supported"
    waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    if waits and not (claim["metadata"].get("annotations") or {}).get(_SELECTED_NODE):
        return "no node was selected for the first consumer"
    return None


def is_over(volume: Object) -> bool:
    """Return whether the volume is unused and must be deleted, or is being deleted already."""
    if (volume["metadata"].get("annotations") or {}).get(_PROVISIONED_BY) != PROVISIONER:
        return False
    phase: str | None = volume.get("status", {}).get("phase")
    if "deletionTimestamp" in volume["metadata"]:
        return phase != "Bound"
    policy: str = volume["spec"]["persistentVolumeReclaimPolicy"]
    return phase == "Released" and policy == "Delete"


class Provisioner:
    """Handles single claims and volumes; every action may be repeated."""

    def __init__(self, api: Api, disk: Path | None = None) -> None:
        """``disk`` is the folder that real nodes see as ``ON_NODES``; without it volumes have no content."""
        self._api = api
        self._disk = disk

    def bind(self, claim: Object) -> None:
        """Makes the volume that the claim waits for, or writes an event with the reason why not."""
        if not awaits_volume(claim):
            return
        name = claim["spec"]["storageClassName"]
        storage_class = self._api.get(f"/apis/storage.k8s.io/v1/storageclasses/{name}")
        if reason := refusal(claim, storage_class):
            self._warn(claim, f"failed to provision volume with StorageClass {name!r}: {reason}")
            return
        volume = volume_for(claim, storage_class, ON_NODES if self._disk else None)
        if self._disk:
            folder = self._disk / volume["metadata"]["name"]
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)  # for any user of the pod
        self._api.create(_VOLUMES, volume)

    def clean(self, volume: Object) -> None:
        """Deletes an unused volume; the resulting change triggers the removal of the finalizer."""
        if not is_over(volume):
            return
        metadata = volume["metadata"]
        path = f"{_VOLUMES}/{metadata['name']}"
        if "deletionTimestamp" not in metadata:
            self._api.delete(path)
        elif FINALIZER in metadata.get("finalizers", []):
            if self._disk:
                shutil.rmtree(self._disk / metadata["name"], ignore_errors=True)
            kept = [one for one in metadata["finalizers"] if one != FINALIZER]
            self._api.merge(
                path, {"metadata": {"finalizers": kept, "resourceVersion": metadata["resourceVersion"]}}
            )

    def _warn(self, claim: Object, message: str) -> None:
        metadata = claim["metadata"]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        event = {
            "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
            "type": "Warning",
            "reason": "ProvisioningFailed",
            "message": message,
            "source": {"component": PROVISIONER},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                **{key: metadata[key] for key in ("namespace", "name", "uid")},
            },
        }
        self._api.create(f"/api/v1/namespaces/{metadata['namespace']}/events", event)


def follow(api: Api, path: str, act: Callable[[Object], None]) -> None:
    """Applies ``act`` to every object of a collection and to every change, for ever."""
    while True:
        try:
            for item in api.follow(path):
                _attempt(act, item)
        except (ApiError, UnreachableError) as error:
            _say(str(error))
            time.sleep(_PAUSE)


def _attempt(act: Callable[[Object], None], item: Object) -> None:
    try:
        act(item)
    except ApiError as error:
        # Done before, or outdated: the next change of the object triggers another try.
        if error.status not in (_NOT_FOUND, _CONFLICT):
            _say(str(error))


def _say(text: str) -> None:
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def main() -> None:
    """Runs until it is killed; the arguments are the kubeconfig and, with real nodes, the folder of their volumes."""
    kubeconfig, *disk = map(Path, sys.argv[1:])
    api = Api(kubeconfig)
    provisioner = Provisioner(api, *disk)
    threading.Thread(target=follow, args=(api, _VOLUMES, provisioner.clean), daemon=True).start()
    follow(api, _CLAIMS, provisioner.bind)


if __name__ == "__main__":
    main()
