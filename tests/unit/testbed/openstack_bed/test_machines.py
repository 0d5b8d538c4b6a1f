import pytest

from testbed.openstack_bed import machines
from testbed.openstack_bed.driver.cluster_files import Machine


def machine(role: str) -> Machine:
    return Machine(
        name=f"panda-0123456789ab-{role}-0",
        server="5e1f",
        role=role,
        nodegroup=f"default-{role}",
        flavor="m2.large",
        cpus=4,
        memory=7500,
        disk=40,
        address="10.32.0.7",
    )


@pytest.mark.parametrize("role", ["master", "worker"])
def test_node_leads_to_its_server(role: str) -> None:
    node = machines.node(machine(role))
    assert node["metadata"]["name"] == f"panda-0123456789ab-{role}-0"
    assert node["spec"]["providerID"] == "openstack:///5e1f"
    assert node["metadata"]["labels"]["magnum.openstack.org/role"] == role
    assert {"type": "InternalIP", "address": "10.32.0.7"} in node["status"]["addresses"]


def test_size_is_the_flavors() -> None:
    capacity = machines.node(machine("worker"))["status"]["capacity"]
    assert capacity == {"cpu": "4", "memory": "7500Mi", "ephemeral-storage": "40Gi", "pods": "110"}


def test_only_masters_repel_pods() -> None:
    assert machines.node(machine("worker"))["spec"]["taints"] == []
    taints = machines.node(machine("master"))["spec"]["taints"]
    assert {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"} in taints


def test_nobody_is_an_ingress_node_yet() -> None:
    for role in ("master", "worker"):
        assert "role" not in machines.node(machine(role))["metadata"]["labels"]
