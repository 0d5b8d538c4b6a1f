"""What pods reserve, against what nodes have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panda_infra.catalog.flavors import FLAVORS, Flavor
from panda_infra.plan.capacity import GIB, Requests, homeless, node_sizes, total, workloads
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from testbed.openstack import offer
from tests.support.stacks import stack

_SMALL = {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"cpu": "2", "memory": "2Gi"}}


def plan(activemq: dict[str, Any], **overrides: Any) -> Plan:
    return make_plan("doma", stack(components={"msgsvc": {"activemq": activemq}}, **overrides))


def magnum(flavor: str, **groups: Any) -> dict[str, Any]:
    return {
        "kind": "magnum",
        "name": "panda",
        "template": "kubernetes-1.33.4-1",
        "keypair": "panda",
        "nodeCount": 3,
        "flavor": flavor,
        "masterFlavor": "m2.medium",
        **groups,
    }


def test_a_sub_chart_reserves_its_own_amounts_unless_the_stack_says_others_t41() -> None:
    [untouched] = workloads(plan({}))
    [told] = workloads(plan({"resources": _SMALL}))
    assert untouched.requests == Requests(Decimal(4), 16 * GIB)
    assert told.requests == Requests(Decimal("0.5"), GIB / 2)


def test_a_limit_counts_where_no_request_is_made() -> None:
    [workload] = workloads(plan({"resources": {"limits": {"cpu": "2", "memory": "2Gi"}}}))
    assert workload.requests == Requests(Decimal(2), 2 * GIB)


def test_the_total_counts_every_pod() -> None:
    rest = {"rest": {"replicas": 3, "resources": _SMALL}, "postgres": {"resources": _SMALL}}
    components = {"msgsvc": {"activemq": {"resources": _SMALL}}, "idds": rest}
    assert total(workloads(make_plan("local", stack(components=components)))).cpu == Decimal("2.5")


def test_nodes_are_known_by_their_flavors_or_not_at_all() -> None:
    groups = [{"name": "large", "flavor": "m2.xlarge", "count": 2}]
    known = plan({}, cluster=magnum("m2.large", nodeGroups=groups)).config.cluster
    assert node_sizes(known) == (("m2.large", FLAVORS["m2.large"], 3), ("m2.xlarge", FLAVORS["m2.xlarge"], 2))
    assert node_sizes(plan({}, cluster=magnum("of.the.site")).config.cluster) == ()
    assert node_sizes(plan({}).config.cluster) == ()


def test_a_pod_larger_than_every_node_is_homeless() -> None:
    assert [each.spec.name for each in homeless(plan({}, cluster=magnum("m2.large")))] == ["activemq"]
    assert homeless(plan({"resources": _SMALL}, cluster=magnum("m2.large"))) == []
    assert homeless(plan({}, cluster=magnum("of.the.site"))) == []


def test_the_test_beds_cloud_offers_nodes_of_these_sizes() -> None:
    for flavor in offer.FLAVORS:
        assert FLAVORS[flavor.name] == Flavor(flavor.cpus, flavor.memory)
