"""Nodes as the API lists them, and which of them are masters."""

from __future__ import annotations

import pytest

from panda_infra.clients.kubernetes.nodes import Node, node_of


def listed(name: str, **labels: str) -> Node:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"providerID": "openstack:///server-1"}
    return node_of({"metadata": {"name": name, "labels": labels}, "spec": spec, "status": ready})


def test_a_node_that_says_little_is_not_ready_and_of_no_server() -> None:
    assert node_of({"metadata": {"name": "n"}}) == Node("n", ready=False, master=False)


def test_a_node_names_its_server() -> None:
    assert listed("n", zone="a") == Node(
        "n", ready=True, master=False, labels={"zone": "a"}, server="server-1"
    )


@pytest.mark.parametrize("role", ["master", "control-plane"])
def test_masters_are_known_by_their_labels(role: str) -> None:
    assert listed("panda-bench-abcdefghij12-node-0", **{f"node-role.kubernetes.io/{role}": ""}).master


@pytest.mark.parametrize(
    ("name", "labels", "master"),
    [
        ("panda-master-k8s-abcdefghij12-node-0", {"magnum.openstack.org/role": "worker"}, False),
        ("panda-master-k8s-abcdefghij12-node-0", {}, False),
        ("panda-master-k8s-abcdefghij12-master-0", {"magnum.openstack.org/role": "worker"}, False),
        ("panda-master-k8s-abcdefghij12-master-0", {}, True),
        ("panda-k8s-abcdefghij12-node-0", {"magnum.openstack.org/role": "master"}, True),
        ("panda-k8s-abcdefghij12-master-0", {"magnum.openstack.org/role": "master"}, True),
    ],
)
def test_what_the_cluster_says_outranks_the_name(name: str, labels: dict[str, str], master: bool) -> None:
    assert listed(name, **labels).master == master
