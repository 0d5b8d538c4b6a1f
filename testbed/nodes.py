"""The simulated nodes: named, labelled and sized as Magnum makes them."""

from __future__ import annotations

import re
import secrets
import string
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed import waiting
from testbed.api import Api, Object
from testbed.errors import BedError
from tools import versions

if TYPE_CHECKING:
    from testbed.bed import Bed

_NODES = "/api/v1/nodes"
_NOT_READY = "testbed.panda-infra/not-ready"
_SUFFIX_LETTERS = string.ascii_lowercase + string.digits
_SUFFIX_LENGTH = 12
_FIRST_MASTER = "-master-0"
# A kubelet sets it, so that the controllers attach its volumes.
_ATTACHED_BY_CONTROLLER = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}
_ZONE = "cern-geneva-a"
_READY_WITHIN = 20.0


@dataclass(frozen=True)
class Flavor:
    """The size of a virtual machine, in the quantities of Kubernetes."""

    name: str
    cpu: str
    memory: str
    disk: str

    def capacity(self) -> dict[str, str]:
        """The capacity as a kubelet reports it."""
        return {"cpu": self.cpu, "memory": self.memory, "ephemeral-storage": self.disk, "pods": "110"}


WORKER = Flavor("m2.3xlarge", "16", "64Gi", "160Gi")
MASTER = Flavor("m2.medium", "2", "4Gi", "20Gi")


def stack_name(cluster: str) -> str:
    """The name of a new cluster's stack: the cluster's and 12 random letters and digits."""
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(_SUFFIX_LENGTH))
    return f"{cluster}-{suffix}"


def create(api: Api, stack: str, workers: int) -> None:
    """Makes the master and ``workers`` nodes of a new cluster, which become Ready by themselves."""
    bodies = [_master(f"{stack}{_FIRST_MASTER}", 10)]
    bodies += [_worker(f"{stack}-node-{index}", 20 + index) for index in range(workers)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda body: api.create(_NODES, body), bodies))


def names(bed: Bed) -> list[str]:
    """The workers' names, ordered by index."""
    return [name for _, name in sorted(_workers(Api(bed.kubeconfig)))]


def add(bed: Bed, count: int = 1) -> list[str]:
    """Adds ``count`` workers; returns their names once they are Ready."""
    api = Api(bed.kubeconfig)
    return _join(api, 1 + max((index for index, _ in _workers(api)), default=-1), count)


def create_alone(api: Api, label: str, servers: Sequence[str]) -> list[str]:
    """Makes a worker with a label for each server's UUID; a kubelet of its own is annotated by the node's name.

    Returns their names.
    """
    first = 1 + max((index for index, _ in _workers(api)), default=-1)
    made = []
    for index, server in enumerate(servers, start=first):
        body = _worker(f"{stack(api)}-node-{index}", 20 + index)
        name = body["metadata"]["name"]
        body["metadata"]["annotations"] = {"kwok.x-k8s.io/node": name, **_ATTACHED_BY_CONTROLLER}
        body["metadata"]["labels"][label] = "true"
        body["spec"]["providerID"] = f"openstack:///{server}"
        api.create(_NODES, body)
        made.append(name)
    return made


def remove(bed: Bed, name: str) -> None:
    """Removes the node ``name`` without a drain; its pods are collected as on a real cluster."""
    Api(bed.kubeconfig).delete(f"{_NODES}/{name}")


def replace(bed: Bed, name: str) -> str:
    """Replaces the node ``name`` by one with a higher index; returns the new name."""
    api = Api(bed.kubeconfig)
    following = 1 + max(index for index, _ in _workers(api))
    api.delete(f"{_NODES}/{name}")
    return _join(api, following, 1)[0]


def set_ready(bed: Bed, name: str, ready: bool) -> None:
    """Makes the kubelet of the node ``name`` report (not) ready; returns when it has."""
    api = Api(bed.kubeconfig)
    api.merge(f"{_NODES}/{name}", {"metadata": {"annotations": {_NOT_READY: None if ready else "true"}}})
    waiting.until(
        lambda: is_ready(api.get(f"{_NODES}/{name}")) is ready,
        f"node {name} reporting {'ready' if ready else 'not ready'}",
        _READY_WITHIN,
    )


def is_ready(node: Object) -> bool:
    """Return whether the node is Ready, and usable because the controllers have noticed it."""
    conditions = node.get("status", {}).get("conditions") or []
    taints = node["spec"].get("taints") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions) and not any(
        taint["key"] == "node.kubernetes.io/not-ready" for taint in taints
    )


def master(api: Api) -> str:
    """The name of the master.

    Raises:
        BedError: there is no node.
    """
    return f"{stack(api)}{_FIRST_MASTER}"


def labels_of_workers() -> dict[str, str]:
    """The labels that Magnum gives every worker."""
    return _labels(WORKER, "worker")


def all_ready(api: Api, count: int) -> bool:
    """Return whether exactly ``count`` nodes exist and all are Ready."""
    found = api.list(_NODES)
    return len(found) == count and all(map(is_ready, found))


def _workers(api: Api) -> Iterator[tuple[int, str]]:
    for node in api.list(_NODES):
        name: str = node["metadata"]["name"]
        if match := re.search(r"-node-(\d+)$", name):
            yield int(match[1]), name


def stack(api: Api) -> str:
    """The prefix of the names of the bed's nodes.

    Raises:
        BedError: there is no node.
    """
    for node in api.list(_NODES):
        name: str = node["metadata"]["name"]
        if name.endswith(_FIRST_MASTER):
            return name.removesuffix(_FIRST_MASTER)
    raise BedError("the bed was started without nodes, so there is no cluster that one could join")


def _join(api: Api, first: int, count: int) -> list[str]:
    prefix = stack(api)
    joined = [f"{prefix}-node-{index}" for index in range(first, first + count)]
    for offset, name in enumerate(joined):
        api.create(_NODES, _worker(name, 20 + first + offset))
    for name in joined:
        waiting.until(
            lambda name=name: is_ready(api.get(f"{_NODES}/{name}")),  # type: ignore[misc]
            f"node {name} becoming ready",
            _READY_WITHIN,
        )
    return joined


def _worker(name: str, host: int) -> Object:
    return _node(name, host, WORKER, role="worker", labels={}, taints=[])


def _master(name: str, host: int) -> Object:
    roles = [f"node-role.kubernetes.io/{role}" for role in ("master", "control-plane")]
    taints = [{"key": role, "effect": "NoSchedule"} for role in roles]
    return _node(name, host, MASTER, role="master", labels=dict.fromkeys(roles, ""), taints=taints)


def _labels(flavor: Flavor, role: str) -> dict[str, str]:
    return {
        "node.kubernetes.io/instance-type": flavor.name,
        "topology.kubernetes.io/region": "cern",
        "topology.kubernetes.io/zone": _ZONE,
        "magnum.openstack.org/nodegroup": f"default-{role}",
        "magnum.openstack.org/role": role,
    }


def _node(
    name: str, host: int, flavor: Flavor, *, role: str, labels: dict[str, str], taints: list[dict[str, str]]
) -> Object:
    """A node; ``host`` is the number of its address in the cluster's network."""
    capacity = flavor.capacity()
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
                "kubernetes.io/hostname": name,
                **_labels(flavor, role),
                **labels,
            },
        },
        "spec": {"providerID": f"openstack:///{uuid.uuid4()}", "taints": taints},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": f"10.0.{host // 256}.{host % 256}"},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "operatingSystem": "linux",
                "kubeletVersion": f"v{versions.KUBERNETES}",
                "kubeProxyVersion": "",
                "containerRuntimeVersion": "kwok://0",
                "osImage": "Fedora CoreOS",
                "kernelVersion": "",
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
            },
        },
    }
