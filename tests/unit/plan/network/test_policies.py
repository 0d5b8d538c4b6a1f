"""The objects that allow a stack's edges."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.plan.backup import backup_objects
from panda_infra.plan.demands import demands
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.network.policies import PolicyObject, policies
from panda_infra.plan.serialize import described
from panda_infra.plan.summary import summary
from tests.support.network_policies import Cluster, End
from tests.support.stacks import stack

_EXTERNAL = {
    "postgres": {"enabled": False},
    "settings": {"database": {"host": "db.site.org"}},
}
_COMPONENTS: dict[str, Any] = {"msgsvc": {}, "panda": _EXTERNAL, "harvester": {}}
_SERVER = {"app.kubernetes.io/name": "server", "app.kubernetes.io/instance": "panda"}
_HARVESTER = {"app.kubernetes.io/name": "harvester", "app.kubernetes.io/instance": "panda-harvester"}


def plan(kind: str = "standard", settings: dict[str, Any] | None = None, **given: Any) -> Plan:
    section = {"kind": kind, **(settings or {})}
    return make_plan("demo", stack(**{"components": _COMPONENTS, "networkPolicies": section, **given}))


def objects(kind: str = "standard", settings: dict[str, Any] | None = None, **given: Any) -> Any:
    return {(each.kind, each.name): each for each in policies(plan(kind, settings, **given))}


def cluster(found: dict[Any, PolicyObject]) -> Cluster:
    standard = [each for each in found.values() if each.kind == "NetworkPolicy"]
    return Cluster(
        [{"metadata": {"name": each.name, "namespace": "panda"}, "spec": each.spec} for each in standard]
    )


def test_each_workload_has_one_and_every_pod_another() -> None:
    found = objects()
    assert {name for _, name in found} == {
        "panda-infra-default-deny",
        "panda-infra-panda-msgsvc-activemq",
        "panda-infra-panda-server",
        "panda-infra-panda-jedi",
        "panda-infra-panda-harvester",
        "panda-infra-panda-harvester-mariadb",
    }
    deny = found["NetworkPolicy", "panda-infra-default-deny"]
    assert deny.api == "networking.k8s.io/v1"
    assert deny.spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_pods_of_backups_have_one_together() -> None:
    settings: dict[str, Any] = {"backup": {"to": {"kind": "claim", "size": "10Gi"}}}
    made = make_plan(
        "demo", stack(networkPolicies={"kind": "standard"}, secrets={"hashKey": "x"}, **settings)
    )
    (policy,) = [each for each in policies(made) if each.name == "panda-infra-backup"]
    jobs = [each.fields["spec"]["jobTemplate"] for each in backup_objects(made) if each.kind == "CronJob"]
    assert jobs
    for job in jobs:
        labels = job["spec"]["template"]["metadata"]["labels"]
        assert policy.spec["podSelector"]["matchLabels"].items() <= labels.items()


def test_pods_of_others_in_an_adopted_namespace_are_let_alone() -> None:
    found = objects(namespace={"name": "panda", "adopt": True})
    assert ("NetworkPolicy", "panda-infra-default-deny") not in found
    ours, theirs = End("panda", "10.42.0.1", _SERVER), End("panda", "10.42.0.2", {"app": "theirs"})
    stranger = End("other", "10.42.0.3")
    assert cluster(found).allows(stranger, theirs, 80)
    assert not cluster(found).allows(theirs, ours, 25443)


def test_the_networks_of_a_host_are_those_of_the_stack_file() -> None:
    server, database = End("panda", "10.42.0.1", _SERVER), End("", "10.7.0.5")
    elsewhere = End("", "188.184.1.1")
    without = cluster(objects())
    assert without.allows(server, elsewhere, 5432)
    assert not without.allows(server, database, 5432)
    given = cluster(objects(settings={"hosts": {"db.site.org": ["10.7.0.0/24"]}}))
    assert not given.allows(server, elsewhere, 5432)
    assert given.allows(server, database, 5432)
    assert not given.allows(server, database, 5433)


def test_the_api_server_is_where_the_stack_file_says() -> None:
    harvester, server = End("panda", "10.42.0.1", _HARVESTER), End("panda", "10.42.0.2", _SERVER)
    api, other = End("", "10.254.0.1"), End("", "10.254.0.2")
    assert cluster(objects()).allows(harvester, other, 6443)
    given = cluster(objects(settings={"apiServer": ["10.254.0.1/32"]}))
    assert given.allows(harvester, api, 6443)
    assert not given.allows(harvester, other, 6443)
    assert not given.allows(server, api, 6443)


def test_the_api_server_asks_services_where_its_addresses_are_known() -> None:
    """That is how `verify` asks them."""
    server, api = End("panda", "10.42.0.2", _SERVER), End("", "10.254.0.1")
    assert not cluster(objects()).allows(api, server, 25443)
    found = objects(settings={"apiServer": ["10.254.0.1/32"]})
    assert cluster(found).allows(api, server, 25443)
    assert not cluster(found).allows(api, server, 25080)
    assert not cluster(found).allows(End("", "10.254.0.2"), server, 25443)
    by_itself = objects("cilium")["CiliumNetworkPolicy", "panda-infra-panda-server"].spec
    assert by_itself["ingress"] == [
        {
            "fromEntities": ["kube-apiserver"],
            "toPorts": [{"ports": [{"port": "25443", "protocol": "TCP"}]}],
        }
    ]


def test_what_the_stack_file_adds_is_allowed() -> None:
    added = {
        "outlets": [{"pods": "panda.server", "network": "10.9.0.0/16", "ports": [1234]}],
        "inlets": [{"pods": "panda.server", "namespace": "monitoring", "ports": [9100]}],
    }
    found, server = cluster(objects(settings=added)), End("panda", "10.42.0.1", _SERVER)
    assert found.allows(server, End("", "10.9.1.1"), 1234)
    assert found.allows(End("monitoring", "10.42.0.2"), server, 9100)
    assert not found.allows(End("monitoring", "10.42.0.2"), server, 25443)


def test_an_open_service_is_reached_from_anywhere() -> None:
    components = {**_COMPONENTS, "msgsvc": {"values": {"activemq": {"service": {"type": "NodePort"}}}}}
    labels = {"app.kubernetes.io/name": "activemq", "app.kubernetes.io/instance": "panda-msgsvc"}
    found, broker = cluster(objects(components=components)), End("panda", "10.42.0.1", labels)
    for source in (End("", "188.184.1.1"), End("", "10.0.0.9"), End("other", "10.42.0.2")):
        assert found.allows(source, broker, 61613)
        assert not found.allows(source, broker, 8161)


def test_openshift_has_its_own_name_server_and_router() -> None:
    given: dict[str, Any] = {"exposure": {"kind": "route"}, "hosts": {"panda": "panda.site.org"}}
    found, server = cluster(objects(**given)), End("panda", "10.42.0.1", _SERVER)
    router = {"policy-group.network.openshift.io/ingress": ""}
    known = Cluster(found.policies, {"openshift-ingress": router})
    assert known.allows(server, End("openshift-dns", "10.42.0.2"), 5353, "UDP")
    assert known.allows(End("openshift-ingress", "10.42.0.3"), server, 25443)
    assert not cluster(objects()).allows(server, End("openshift-dns", "10.42.0.2"), 5353, "UDP")


def test_cilium_knows_hosts_by_their_names() -> None:
    found = objects(
        "cilium", {"hosts": {"iam.site.org": ["10.7.0.0/24"]}}, auth={"issuer": "https://iam.site.org"}
    )
    made = found["CiliumNetworkPolicy", "panda-infra-panda-server"]
    assert made.api == "cilium.io/v2"
    assert made.spec["endpointSelector"] == {"matchLabels": _SERVER}
    names, *targets = made.spec["egress"]
    assert names["toPorts"][0]["rules"] == {"dns": [{"matchPattern": "*"}]}
    assert targets == [
        {
            "toFQDNs": [{"matchName": "db.site.org"}],
            "toPorts": [{"ports": [{"port": "5432", "protocol": "TCP"}]}],
        }
    ]
    # Neither a port for every address nor a question that Cilium does not see.
    server = End("panda", "10.42.0.1", _SERVER)
    assert not cluster(found).allows(server, End("", "188.184.1.1"), 5432)
    assert not cluster(found).allows(server, End("kube-system", "10.42.0.2"), 53, "UDP")
    assert cluster(found).allows(server, End("", "10.7.0.1"), 443)


def test_cilium_knows_the_api_server_and_its_own_ingress() -> None:
    exposed: dict[str, Any] = {"hosts": {"panda": "panda.site.org"}}
    found = objects("cilium", {"ingressNetworks": ["10.0.0.0/24"]}, **exposed)
    harvester = found["CiliumNetworkPolicy", "panda-infra-panda-harvester"].spec
    (api,) = [each for each in harvester["egress"] if "toEntities" in each]
    assert api["toEntities"] == ["kube-apiserver"]
    assert [each["port"] for each in api["toPorts"][0]["ports"]] == ["443", "6443"]
    assert "ingress" not in harvester
    server = found["CiliumNetworkPolicy", "panda-infra-panda-server"].spec
    ports = [{"ports": [{"port": "25443", "protocol": "TCP"}]}]
    assert server["ingress"] == [
        {"fromEntities": ["ingress", "remote-node"], "toPorts": ports},
        {"fromEntities": ["kube-apiserver"], "toPorts": ports},
    ]
    given = objects("cilium", {"apiServer": ["10.254.0.1/32"]}, **exposed)
    spec = given["CiliumNetworkPolicy", "panda-infra-panda-harvester"].spec
    assert not any("toEntities" in each for each in spec["egress"])


@pytest.mark.parametrize(("kind", "demanded"), [("standard", False), ("cilium", True)])
def test_the_cluster_must_have_cilium_where_the_stack_says_so(kind: str, *, demanded: bool) -> None:
    found = [each.where for each in demands(plan(kind)) if each.kind == "CiliumNetworkPolicy"]
    assert found == (["networkPolicies.kind"] if demanded else [])


def test_their_names_are_known_to_who_looks_for_others() -> None:
    assert {name for _, name in objects()} <= names_inside(plan())
    assert not any(name.startswith("panda-infra-") for name in names_inside(make_plan("demo", stack())))


def test_reviews_and_pages_show_each_connection() -> None:
    made = plan(settings={"hosts": {"db.site.org": ["10.7.0.0/24"]}})
    assert "panda.jedi to msgsvc.activemq, port 61613" in described(made)["connections"]
    assert "harvester.harvester to outside, every port" in described(made)["connections"]
    page = summary(made)
    assert "| panda.jedi | msgsvc.activemq | 61613 |  |" in page
    assert "| panda.server | db.site.org (10.7.0.0/24) | 5432 | database |" in page
    assert "- **Network policies:** Kubernetes'" in page
    plain = make_plan("demo", stack())
    assert "connections" not in described(plain)
    assert "Connections" not in summary(plain)
