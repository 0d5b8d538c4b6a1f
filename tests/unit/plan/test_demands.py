"""What a plan expects in its cluster, each with the key that names it."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.demands import demands
from panda_infra.plan.ingresses import ingresses
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from tests.support.stacks import stack


def plan(**sections: Any) -> Plan:
    return make_plan("doma", stack(**sections))


def asked(**sections: Any) -> set[tuple[str, str, str]]:
    return {(each.kind, each.name, each.where) for each in demands(plan(**sections))}


def test_every_storage_class_is_asked_for_once_with_its_key() -> None:
    server = {"volumes": {"logs": {"class": "nas"}}}
    found = asked(
        storage={"class": "fast", "sharedLogs": {"class": "shared"}},
        components={"msgsvc": {}, "panda": {"server": server}},
    )
    assert found == {
        ("StorageClass", "shared", "storage.sharedLogs.class"),
        ("StorageClass", "fast", "storage.class"),
        ("StorageClass", "nas", "components.panda.server.volumes.logs.class"),
    }


def test_adopted_claims_and_shares_need_no_class() -> None:
    shared = {"shareId": "a", "shareAccessId": "b"}
    found = asked(
        storage={"class": "fast", "sharedLogs": shared},
        components={"msgsvc": {"activemq": {"volumes": {"data": {"claim": "there"}}}}},
    )
    assert found == set()


@pytest.mark.parametrize(
    ("exposure", "wanted"),
    [
        ({"kind": "nginx"}, ("IngressClass", "nginx", "exposure.className")),
        ({"kind": "ingress", "className": "traefik"}, ("IngressClass", "traefik", "exposure.className")),
        ({"kind": "gateway", "className": "envoy"}, ("GatewayClass", "envoy", "exposure.className")),
        ({"kind": "route"}, ("Route", "route.openshift.io", "exposure.kind")),
    ],
)
def test_what_exposes_hosts_is_asked_for_where_there_are_any(
    exposure: dict[str, Any], wanted: tuple[str, str, str]
) -> None:
    components: dict[str, Any] = {"msgsvc": {}, "iam": {}, "iam-db": {}, "panda": {}}
    hosts = {"panda": "panda.example.org"}
    assert wanted in asked(exposure=exposure, hosts=hosts, components=components)
    assert wanted not in asked(exposure=exposure, components=components)


def test_cvmfs_needs_its_driver() -> None:
    repositories = [{"name": "atlas", "repository": "atlas.cern.ch"}]
    found = asked(components={"msgsvc": {}, "harvester": {"harvester": {"cvmfs": repositories}}})
    assert ("CSIDriver", "cvmfs.csi.cern.ch", "components.harvester.harvester.cvmfs") in found


_HOSTS = {
    "panda": "panda.example.org",
    "pandaBig": "big.example.org",
    "ui": "ui.example.org",
    "bigmon": "bigmon.example.org",
    "idds": "idds.example.org",
}


def test_ingresses_have_names_classes_and_hosts_of_the_real_ones() -> None:
    found = {
        each.where: each.body
        for each in ingresses(plan(hosts=_HOSTS, exposure={"className": "c"}, affix="-dev"))
    }
    assert {where: body["metadata"]["name"] for where, body in found.items()} == {
        "hosts.panda": "panda-dev-server",
        "hosts.pandaBig": "panda-dev-server-big",
        "hosts.ui": "panda-dev-ui",
        "hosts.bigmon": "panda-dev-bigmon-main",
        "hosts.idds": "panda-dev-idds-rest",
    }
    for where, body in found.items():
        [rule] = body["spec"]["rules"]
        assert (body["spec"]["ingressClassName"], rule["host"]) == ("c", _HOSTS[where.partition(".")[2]])
    paths = [path["path"] for path in found["hosts.bigmon"]["spec"]["rules"][0]["http"]["paths"]]
    assert paths == ["/condor_logs", "/"]


def test_snippets_are_those_of_the_charts() -> None:
    def snippets(**sections: Any) -> set[str]:
        return {
            each.where
            for each in ingresses(plan(hosts=_HOSTS, **sections))
            if any(name.endswith("-snippet") for name in each.body["metadata"]["annotations"])
        }

    assert snippets() == {"hosts.panda", "hosts.pandaBig", "hosts.idds"}
    assert snippets(exposure={"kind": "ingress"}) == set()
    own = {"example.org/x": "y"}
    assert all(
        own.items() <= each.body["metadata"]["annotations"].items()
        for each in ingresses(plan(hosts=_HOSTS, exposure={"annotations": own}))
    )


def test_routes_and_gateways_are_no_ingresses() -> None:
    sections = {"hosts": {"panda": "panda.example.org"}, "exposure": {"kind": "route"}}
    assert list(ingresses(plan(**sections))) == []


def test_an_ingress_that_was_found_without_a_class_asks_for_none() -> None:
    held = {"adopted": {"values": {"server": {"ingress": {"className": ""}}}}}
    components: dict[str, Any] = {"msgsvc": {}, "panda": held}
    sections: dict[str, Any] = {"hosts": {"panda": "panda.example.org"}, "components": components}
    assert not any(kind == "IngressClass" for kind, *_ in asked(**sections))
    (trial,) = ingresses(plan(**sections))
    assert trial.body["spec"]["ingressClassName"] is None


def test_the_operator_is_asked_for_where_its_objects_are_made() -> None:
    operator = ("ServiceMonitor", "monitoring.coreos.com", "monitoring.kind")
    assert operator in asked(monitoring={"kind": "prometheusOperator"})
    assert operator not in asked(monitoring={"kind": "annotations"})
    assert operator not in asked()
