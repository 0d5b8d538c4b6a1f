"""Whether pods find a node, by the rules of Kubernetes' scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from panda_infra.errors import Problem
from panda_infra.plan.capacity import GIB, Requests
from panda_infra.plan.flavors import Flavor
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.scheduling import Node, larger_than_nodes, unplaceable
from tests.support.stacks import stack

_WHERE = "components.msgsvc.activemq"
_BASE = {"resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"cpu": "2", "memory": "4Gi"}}}


def plan(sub: Mapping[str, Any], **sections: Any) -> Plan:
    return make_plan("doma", stack(components={"msgsvc": {"activemq": {**_BASE, **sub}}}, **sections))


def node(name: str = "n1", *, cpu: str = "8", gib: int = 16, taints: Any = (), **labels: str) -> Node:
    named = {key.replace("_", "."): value for key, value in labels.items()}
    return Node(name, named, taints, Requests(Decimal(cpu), gib * GIB))


def problems(sub: Mapping[str, Any], *nodes: Node) -> list[Problem]:
    return list(unplaceable(plan(sub), nodes))


def required(*expressions: Mapping[str, Any], fields: Any = ()) -> dict[str, Any]:
    term = {"matchExpressions": list(expressions), "matchFields": list(fields)}
    terms = {"nodeSelectorTerms": [{key: value for key, value in term.items() if value}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}}


def test_a_pod_that_fits_is_no_problem() -> None:
    assert problems({}, node(cpu="2", gib=4)) == []


@pytest.mark.parametrize(("cpu", "gib"), [("1.99", 16), ("8", 3)])
def test_a_pod_larger_than_every_node_is_reported_with_both_sizes(cpu: str, gib: int) -> None:
    [problem] = problems({}, node(cpu=cpu, gib=gib), node("small", cpu="1", gib=1))
    assert problem.where == f"{_WHERE}.resources"
    assert "a pod requests 2 CPU, 4 GiB" in problem.what
    assert f"n1, has {cpu} CPU, {gib} GiB" in problem.what


def test_a_label_that_no_node_has_is_reported_with_those_that_there_are() -> None:
    [problem] = problems({"nodeSelector": {"pool": "large"}}, node(pool="small"), node(pool="medium"))
    assert (problem.where, problem.what) == (
        f"{_WHERE}.nodeSelector",
        "no node of the cluster has pool=large",
    )
    assert "pool: medium, small" in problem.fix


def test_the_chosen_nodes_alone_count() -> None:
    large, chosen = node(gib=64), node("chosen", gib=2, pool="x")
    [problem] = problems({"nodeSelector": {"pool": "x"}}, large, chosen)
    assert problem.where == f"{_WHERE}.resources"
    assert "chosen, has" in problem.what


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ({"key": "pool", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "pool", "operator": "In", "values": ["b"]}, False),
        ({"key": "pool", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "other", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "pool", "operator": "Exists"}, True),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "pool", "operator": "DoesNotExist"}, False),
        ({"key": "size", "operator": "Gt", "values": ["3"]}, True),
        ({"key": "size", "operator": "Lt", "values": ["4"]}, False),
        ({"key": "size", "operator": "Gt", "values": ["many"]}, False),
    ],
)
def test_required_node_affinity_is_judged_as_the_scheduler_does(
    expression: Mapping[str, Any], good: bool
) -> None:
    found = problems(required(expression), node(pool="a", size="4"))
    assert [each.where for each in found] == ([] if good else [f"{_WHERE}.affinity"])


def test_one_term_is_enough_and_preferences_exclude_nothing() -> None:
    terms = [
        {"matchExpressions": [{"key": "pool", "operator": "In", "values": [value]}]} for value in ("x", "a")
    ]
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    affinity = {"nodeAffinity": {key: {"nodeSelectorTerms": terms}}}
    assert problems({"affinity": affinity}, node(pool="a")) == []
    preferred = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}}
    assert problems({"affinity": preferred}, node()) == []


def test_a_node_can_be_required_by_name() -> None:
    field = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
    assert problems(required(fields=[field]), node()) == []
    assert problems(required(fields=[field]), node("n2")) != []


_TAINT = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("toleration", "good"),
    [
        ({"key": "dedicated", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "dedicated", "value": "gpu"}, True),
        ({"key": "dedicated", "value": "gpu", "effect": "NoExecute"}, False),
        ({"key": "dedicated", "value": "cpu"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_taints_keep_away_who_does_not_tolerate_them(toleration: Mapping[str, str], good: bool) -> None:
    found = problems({"tolerations": [toleration]}, node(taints=[_TAINT]))
    assert [each.where for each in found] == ([] if good else [f"{_WHERE}.tolerations"])
    assert all("dedicated=gpu:NoSchedule" in each.what for each in found)


@pytest.mark.parametrize(
    "taint",
    [
        {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"},
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
        {"key": "dedicated", "effect": "PreferNoSchedule"},
    ],
)
def test_what_passes_or_only_asks_excludes_nothing(taint: Mapping[str, str]) -> None:
    assert problems({}, node(taints=[taint])) == []


def test_the_sizes_are_those_that_the_cloud_gives_its_flavors() -> None:
    cluster = {"kind": "magnum", "name": "p", "template": "t", "keypair": "k", "flavor": "of.the.site",
               "masterFlavor": "m"}  # fmt: skip
    untouched = make_plan("doma", stack(components={"msgsvc": {}}, cluster=cluster))
    assert list(larger_than_nodes(untouched)) == []
    [problem] = larger_than_nodes(untouched, {"of.the.site": Flavor(8, 15000)})
    assert problem.where == f"{_WHERE}.resources"
    assert "a pod requests 4 CPU, 16 GiB" in problem.what
    assert "of flavor of.the.site, has 8 CPU, 14.65 GiB" in problem.what
    assert list(larger_than_nodes(untouched, {"of.the.site": Flavor(8, 16384)})) == []
