"""The Kubernetes nodes of Magnum's servers."""

from __future__ import annotations

from testbed import nodes, waiting
from testbed.api import Api, Object
from testbed.openstack_bed.driver.cluster_files import Machine

_NODES = "/api/v1/nodes"
_READY_WITHIN = 60.0


def bring_to(api: Api, machines: list[Machine]) -> None:
    """Makes the cluster's nodes match the machines; returns when all are ready."""
    wanted = {machine.name: machine for machine in machines}
    have = {found["metadata"]["name"] for found in api.list(_NODES)}
    for name in have - wanted.keys():
        api.delete(f"{_NODES}/{name}")
    for name in sorted(wanted.keys() - have):
        api.create(_NODES, node(wanted[name]))
    waiting.until(lambda: nodes.all_ready(api, len(wanted)), "the nodes getting ready", _READY_WITHIN)


def node(machine: Machine) -> Object:
    """The node object of a machine, with the fields of its kubelet and of the cloud provider."""
    master = machine.role == "master"
    roles = [f"node-role.kubernetes.io/{role}" for role in ("master", "control-plane")] if master else []
    capacity = {
        "cpu": str(machine.cpus),
        "memory": f"{machine.memory}Mi",
        "ephemeral-storage": f"{machine.disk}Gi",
        "pods": "110",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": machine.name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/os": "linux",
                "kubernetes.io/hostname": machine.name,
                "node.kubernetes.io/instance-type": machine.flavor,
                "magnum.openstack.org/nodegroup": machine.nodegroup,
                "magnum.openstack.org/role": machine.role,
                **dict.fromkeys(roles, ""),
            },
        },
        "spec": {
            "providerID": f"openstack:///{machine.server}",
            "taints": [{"key": role, "effect": "NoSchedule"} for role in roles],
        },
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "addresses": [
                {"type": "InternalIP", "address": machine.address},
                {"type": "Hostname", "address": machine.name},
            ],
        },
    }
