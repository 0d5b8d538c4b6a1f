"""Delete an AppProject of Argo CD only after the Applications that a killed run has left in it.

The engine does not know these, and Argo CD cannot delete an Application, with what it deployed, without its project.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2 as wire

from panda_infra.argocd.claims import mark_claims
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import PandaInfraError
from panda_infra.guard.cluster import Cluster
from panda_infra.plan.argocd_names import API_VERSION, FINALIZER
from panda_infra.plan.protection import KEEP
from panda_infra.provider.progress import Progress
from panda_infra.state.urns import read_urn

__all__ = ["Projects", "is_project"]

_TYPE = f"kubernetes:{API_VERSION}:AppProject"
_WITHIN = 300.0  # seconds
_POLL = 1.0


def is_project(urn: str) -> bool:
    """True if a resource is an AppProject of Argo CD."""
    return read_urn(urn).type == _TYPE


class Projects:
    """Guards the AppProjects of one cluster; ``progress`` returns the receiver of messages about a resource."""

    def __init__(self, progress: Callable[[str], Progress], cluster: Cluster) -> None:
        self._progress = progress
        self._cluster = cluster

    def empty(self, request: wire.DeleteRequest) -> None:
        """Delete the Applications that are left in a project, with all that they have deployed.

        Raises:
            PandaInfraError: Argo CD does not delete them.
            KubernetesError: the cluster cannot be asked.
        """
        api = self._cluster.api
        if api is None:
            return
        metadata = MessageToDict(request.properties)["metadata"]
        collection = f"/apis/{API_VERSION}/namespaces/{metadata['namespace']}/applications"
        deadline, pause = time.monotonic() + _WITHIN, threading.Event()
        while left := _delete_left(api, collection, metadata["name"]):
            if time.monotonic() > deadline:
                raise PandaInfraError(
                    f"Argo CD does not delete {', '.join(left)}: does its application controller run?"
                )
            self._progress(request.urn).status(f"waits for Argo CD to delete {', '.join(left)}")
            pause.wait(_POLL)


def _delete_left(api: KubernetesApi, collection: str, project: str) -> list[str]:
    """Ask for the deletion of each Application in a project; returns the names of those that are still there."""
    left = []
    for each in (api.call("GET", collection, missing=True) or {}).get("items") or ():
        metadata = each["metadata"]
        if each["spec"].get("project") != project:
            continue
        left.append(metadata["name"])
        if "deletionTimestamp" in metadata:
            continue
        path = f"{collection}/{metadata['name']}"
        if KEEP in (metadata.get("annotations") or {}):
            mark_claims(api, each, keep=True)
        api.call("PATCH", path, body={"metadata": {"finalizers": [FINALIZER]}}, missing=True)
        api.call("DELETE", path, missing=True)
    return left
