"""A StatefulSet with an attached volume on machines that can be stopped, and the time until it is back elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed import control_plane as plane
from testbed import mortal, processes, waiting
from testbed.api import Api, ApiError, Object
from testbed.attacher import ATTACHMENTS, DRIVER, driver
from testbed.bed import Bed
from testbed.magnum import DRIVERS
from testbed.mortal import Machine
from tools import REPOSITORY

__all__ = ["Replica", "attaching", "replicas", "seconds_until_back"]

_VOLUMES = "/api/v1/persistentvolumes"
_TOLERATED = [
    {
        "key": f"node.kubernetes.io/{condition}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 30,
    }
    for condition in ("not-ready", "unreachable")
]


@contextmanager
def attaching(bed: Bed) -> Iterator[None]:
    """The bed attaches and detaches volumes of a second driver."""
    api = Api(bed.kubeconfig)
    api.create(DRIVERS, driver())
    command: list[str | Path] = [sys.executable, "-m", "testbed.attacher", plane.Files(bed.state).kubeconfig]
    processes.spawn(bed.state, "attacher", command, {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(bed.state)})
    try:
        yield
    finally:
        processes.end(bed.state, {"attacher"})
        api.delete(f"{DRIVERS}/{DRIVER}")


@dataclass(frozen=True)
class Replica:
    """The only pod of a StatefulSet, and its volume."""

    bed: Bed
    namespace: str
    name: str

    @property
    def pod(self) -> Object | None:
        """The pod as it is now."""
        try:
            return Api(self.bed.kubeconfig).get(f"/api/v1/namespaces/{self.namespace}/pods/{self.name}-0")
        except ApiError:
            return None

    @property
    def node(self) -> str:
        """The node on which the pod is; empty if it is on none."""
        pod = self.pod
        return str(pod["spec"].get("nodeName") or "") if pod else ""

    def runs(self) -> bool:
        """True if the pod is Ready, and its volume is attached to its node and to no other."""
        pod = self.pod
        if pod is None or "deletionTimestamp" in pod["metadata"] or not _is_ready(pod):
            return False
        return self.attached() == [pod["spec"]["nodeName"]]

    def attached(self) -> list[str]:
        """The nodes to which the volume is attached."""
        return [
            each["spec"]["nodeName"]
            for each in Api(self.bed.kubeconfig).list(ATTACHMENTS)
            if each["spec"]["source"].get("persistentVolumeName") == self.name
            and (each.get("status") or {}).get("attached")
        ]

    def await_running(self, seconds: float, *, but: str = "") -> None:
        """Wait until it runs, on another node than ``but``."""
        waiting.until(lambda: self.node != but and self.runs(), f"{self.name} running", seconds)


@contextmanager
def replicas(bed: Bed, namespace: str, machines: Sequence[Machine], *names: str) -> Iterator[list[Replica]]:
    """StatefulSets of one pod each on these machines, running; removed at the end."""
    api = Api(bed.kubeconfig)
    with ExitStack() as stack:
        made = []
        for name in names:
            stack.callback(_removed, api, namespace, name)
            _create(api, namespace, name)
            made.append(Replica(bed, namespace, name))
        for each in made:
            each.await_running(60)
        # Volumes that a dead machine has mounted must not hold up the end of a test.
        stack.callback(_unmounted, api, machines)
        yield made


def _create(api: Api, namespace: str, name: str) -> None:
    inside = f"/api/v1/namespaces/{namespace}"
    size = {"storage": "1Gi"}
    claim = {"namespace": namespace, "name": name}
    volume = {
        "capacity": size,
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "csi": {"driver": DRIVER, "volumeHandle": name},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim},
    }
    api.create(_VOLUMES, {"metadata": {"name": name}, "spec": volume})
    wanted = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "volumeName": name}
    api.create(
        f"{inside}/persistentvolumeclaims",
        {"metadata": {"name": name}, "spec": {**wanted, "resources": {"requests": size}}},
    )
    pod = {
        "nodeSelector": {mortal.LABEL: "true"},
        "tolerations": _TOLERATED,
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {"name": "main", "image": "none", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
        ],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}],
    }
    labels = {"app": name}
    spec = {
        "replicas": 1,
        "serviceName": name,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    api.create(
        f"/apis/apps/v1/namespaces/{namespace}/statefulsets", {"metadata": {"name": name}, "spec": spec}
    )


def _removed(api: Api, namespace: str, name: str) -> None:
    inside = f"/api/v1/namespaces/{namespace}"
    api.delete(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}")
    api.delete(f"{inside}/persistentvolumeclaims/{name}")
    api.delete(f"{_VOLUMES}/{name}")

    def gone() -> bool:
        return name not in {each["metadata"]["name"] for each in api.list(_VOLUMES)}

    waiting.until(gone, f"the volume {name} going", 60)


def _unmounted(api: Api, machines: Sequence[Machine]) -> None:
    for machine in machines:
        api.merge(f"/api/v1/nodes/{machine.node}/status", {"status": {"volumesInUse": None}})


def _is_ready(pod: Any) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def seconds_until_back(replica: Replica, machine: Machine, limit: float) -> float:
    """Stop the machine under a replica; the seconds until the replica runs elsewhere."""
    began = time.monotonic()
    machine.stop()
    replica.await_running(limit, but=machine.node)
    return time.monotonic() - began
