"""Attaches and detaches volumes of the bed's second driver: ``python -m testbed.attacher KUBECONFIG``.

Follows Kubernetes' contract of an external attacher: the controllers make a VolumeAttachment, whose status shows when
the volume is attached; its end waits for a finalizer. Like a kubelet that has mounted it, it also reports the volume in
use, so that the controllers do not detach it from a node that may still write to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from testbed.api import Api, Object
from testbed.provisioner import follow

__all__ = ["ATTACHMENTS", "DRIVER", "Attacher", "driver", "in_use"]

DRIVER = "attached.testbed.panda-infra"
ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
_FINALIZER = f"{DRIVER}/finalizer"


def driver() -> Object:
    """The driver's object, with attachments, unlike that of the bed's other volumes."""
    return {"metadata": {"name": DRIVER}, "spec": {"attachRequired": True, "podInfoOnMount": False}}


def in_use(volume: Object) -> str:
    """A volume's name in the status of a node."""
    return f"kubernetes.io/csi/{DRIVER}^{volume['spec']['csi']['volumeHandle']}"


class Attacher:
    """Handles single attachments; every action may be repeated."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def handle(self, attachment: Object) -> None:
        """Attach the volume, or let the attachment go."""
        metadata, spec = attachment["metadata"], attachment["spec"]
        path = f"{ATTACHMENTS}/{metadata['name']}"
        if spec["attacher"] != DRIVER:
            return
        if "deletionTimestamp" in metadata:
            if _FINALIZER in (metadata.get("finalizers") or ()):
                self._api.merge(path, {"metadata": {"finalizers": None}})
        elif not (attachment.get("status") or {}).get("attached"):
            volume = self._api.get(f"/api/v1/persistentvolumes/{spec['source']['persistentVolumeName']}")
            self._api.merge(path, {"metadata": {"finalizers": [_FINALIZER]}})
            node = f"/api/v1/nodes/{spec['nodeName']}/status"
            self._api.merge(node, {"status": {"volumesInUse": [in_use(volume)]}})
            self._api.merge(f"{path}/status", {"status": {"attached": True}})


def main() -> None:
    """Runs until it is killed."""
    api = Api(Path(sys.argv[1]))
    follow(api, ATTACHMENTS, Attacher(api).handle)


if __name__ == "__main__":
    main()
