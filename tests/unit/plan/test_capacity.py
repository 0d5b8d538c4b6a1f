"""What pods reserve, against what nodes have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from panda_infra.plan.capacity import (
    GIB,
    Requests,
    Storage,
    cloud_storage,
    homeless,
    node_sizes,
    total,
    workloads,
)
from panda_infra.plan.flavors import FLAVORS, Flavor
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from testbed.openstack_bed import offer
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
    [reported] = workloads(plan({"resources": _SMALL}))
    assert untouched.requests == Requests(Decimal(4), 16 * GIB)
    assert reported.requests == Requests(Decimal("0.5"), GIB / 2)


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


def test_claims_of_manila_classes_take_shares_and_others_volumes() -> None:
    block = plan({}, storage={"class": "standard"})
    assert cloud_storage(block) == Storage(volumes=1)
    assert cloud_storage(plan({}, storage={"class": "manila-meyrin-cephfs"})) == Storage(
        shares=1, share_gib=5
    )
    mixed = {"volumes": {"data": {"class": "manila-meyrin-cephfs", "size": "1500Mi"}}}
    assert cloud_storage(plan(mixed, storage={"class": "standard"})) == Storage(shares=1, share_gib=2)
    assert cloud_storage(block, but={"msgsvc"}) == Storage()


def test_each_pod_of_a_stateful_set_has_its_claims_and_shared_logs_are_one_more() -> None:
    components = {"idds": {"rest": {"replicas": 3}, "postgres": {"enabled": False}}}
    own = make_plan("local", stack(components=components, storage={"class": "manila-a"}))
    [rest] = workloads(own)
    assert len(rest.spec.claims) == 2
    assert cloud_storage(own).shares == 6
    logs = {"class": "manila-a", "sharedLogs": {"size": "200Gi"}}
    assert cloud_storage(plan({}, storage=logs)) == Storage(shares=2, share_gib=205)
    assert cloud_storage(plan({}, storage=logs), but={"msgsvc"}) == Storage()
    given = {"size": "200Gi", "shareId": "a", "shareAccessId": "b"}
    assert cloud_storage(plan({}, storage=logs | {"sharedLogs": given})) == Storage(shares=1, share_gib=5)


def test_the_test_beds_cloud_offers_nodes_of_these_sizes() -> None:
    for flavor in offer.FLAVORS:
        assert FLAVORS[flavor.name] == Flavor(flavor.cpus, flavor.memory)
