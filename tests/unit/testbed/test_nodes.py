import re

from hypothesis import given
from hypothesis import strategies as st

from testbed import nodes


@given(st.from_regex(r"[a-z][a-z0-9-]{0,25}", fullmatch=True))
def test_stack_name_is_the_clusters_and_twelve_random_letters_and_digits(cluster: str) -> None:
    assert re.fullmatch(re.escape(cluster) + "-[a-z0-9]{12}", nodes.stack_name(cluster))


def test_two_clusters_of_one_name_differ() -> None:
    assert nodes.stack_name("panda") != nodes.stack_name("panda")


def test_worker_takes_pods_and_has_the_size_of_a_flavor() -> None:
    node = nodes._worker("c-abc-node-0", 20)
    assert node["spec"]["taints"] == []
    assert node["spec"]["providerID"].startswith("openstack:///")
    assert node["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}
    assert node["status"]["capacity"] == {
        "cpu": "16",
        "memory": "64Gi",
        "ephemeral-storage": "160Gi",
        "pods": "110",
    }
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == "c-abc-node-0"


def test_master_is_labelled_and_takes_no_pods() -> None:
    node = nodes._master("c-abc-master-0", 10)
    roles = {"node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"}
    assert roles <= node["metadata"]["labels"].keys()
    assert {(taint["key"], taint["effect"]) for taint in node["spec"]["taints"]} == {
        (role, "NoSchedule") for role in roles
    }


def test_node_is_ready_once_the_controllers_have_noticed_it() -> None:
    node = nodes._worker("n", 20)
    assert not nodes.is_ready(node)
    node["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    assert nodes.is_ready(node)
    node["spec"]["taints"] = [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]
    assert not nodes.is_ready(node)
