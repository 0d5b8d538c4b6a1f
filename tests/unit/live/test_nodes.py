"""Nodes are shown with the labels that the stack wants and those that they have."""

from __future__ import annotations

from typing import Any

from panda_infra.clients.kubernetes.nodes import Node
from panda_infra.live.nodes import NodeStatus, node_statuses
from panda_infra.plan.make import make_plan
from tests.support.stacks import stack
from tests.unit.cluster.magnum.test_preflight import DESCRIBED

_SELECTED = {"panda": {"server": {"nodeSelector": {"group": "panda"}}}, "msgsvc": {}}
NODES = [
    Node("worker-2", ready=False, master=False, labels={"zone": "a"}),
    Node("master-0", ready=True, master=True, labels={"role": "master"}),
    Node("worker-1", ready=True, master=False, labels={"role": "ingress", "zone": "a", "group": "panda"}),
]


def found(**sections: Any) -> tuple[NodeStatus, ...]:
    return node_statuses(make_plan("doma", stack(components=_SELECTED, **sections)), NODES)


def test_workers_of_a_cluster_of_its_own_need_its_labels() -> None:
    one, other, master = found(cluster=DESCRIBED)
    assert (one.name, one.live, one.lacking) == ("worker-1", {"role": "ingress", "group": "panda"}, {})
    assert other.lacking == {"role": "ingress"}
    assert list(other.problems("doma")) == [
        "node worker-2 is not Ready",
        "node worker-2 has no label role=ingress: `pulumi up --refresh --stack doma` gives it",
    ]
    assert (master.wanted, list(master.problems("doma"))) == ({}, [])


def test_a_cluster_of_others_owes_nothing() -> None:
    """Its broken nodes are reported, and are no fault of the stack's."""
    nodes = found()
    assert [text for node in nodes for text in node.problems("doma")] == []
    assert [text for node in nodes for text in node.notes()] == ["node worker-2 is not Ready"]
    assert [node.live for node in nodes] == [{"group": "panda"}, {}, {}]
