"""The objects around a developer's namespace."""

from __future__ import annotations

from typing import Any

from panda_infra.plan.developer import deployer, guard_objects, namespace_labels
from panda_infra.plan.footprint import outside
from panda_infra.plan.make import make_plan
from panda_infra.plan.outside_ports import outside_ports
from tests.support.stacks import stack


def alice(**overrides: Any) -> Any:
    developer = {"parent": "theirs", "user": "alice", **overrides.pop("developer", {})}
    return stack(namespace="dev-alice", affix="-alice", developer=developer, **overrides).settings


def spec(kind: str, name: str = "panda-infra-developer", **overrides: Any) -> Any:
    found = {(each.kind, each.name): each for each in guard_objects(alice(**overrides))}
    return found[kind, name].content["spec"]


def test_other_stacks_have_none() -> None:
    config = stack().settings
    assert (guard_objects(config), namespace_labels(config), deployer(config)) == ((), {}, None)


def test_each_has_a_key_and_a_place_of_its_own() -> None:
    found = guard_objects(alice())
    assert len({each.key for each in found}) == len(found)
    assert {each.kind for each in found if each.namespace is None} == {
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
    assert all(each.namespace in (None, "dev-alice") for each in found)


def test_cluster_wide_objects_are_looked_for_before_and_after() -> None:
    developer = {"parent": "theirs", "user": "alice"}
    config = stack(namespace="dev-alice", developer=developer)
    assert [each.name for each in outside(make_plan("dev-alice", config)) if each.key == "developer"] == [
        "panda-infra-developer-dev-alice",
        "panda-infra-developer-dev-alice",
    ]


def test_pods_reach_the_name_server_and_each_other_alone() -> None:
    found = spec("NetworkPolicy")
    assert found["podSelector"] == {}
    assert found["ingress"] == [{"from": [{"podSelector": {}}]}]
    assert [rule.get("ports") for rule in found["egress"]] == [
        None,
        [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    ]


def test_pods_reach_outside_what_the_stack_names_and_nothing_inside() -> None:
    outlet = {"network": "10.1.2.3/32", "ports": [6443]}
    developer = {"innerNetworks": ["10.0.0.0/8", "fc00::/7"], "outlets": [outlet]}
    found = spec(
        "NetworkPolicy", "panda-infra-developer-out", developer=developer, hosts={"ui": "ui.localhost"}
    )
    assert found["egress"] == [
        {
            "to": [
                {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}},
                {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7"]}},
            ],
            "ports": [{"protocol": "TCP", "port": 443}],
        },
        {"to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}], "ports": [{"protocol": "TCP", "port": 6443}]},
    ]


def test_nothing_named_lets_nobody_out_and_nobody_in() -> None:
    developer: dict[str, Any] = {"ingressNamespaces": []}
    components: dict[str, Any] = {"msgsvc": {}}
    assert "egress" not in spec("NetworkPolicy", "panda-infra-developer-out", components=components)
    assert "ingress" not in spec("NetworkPolicy", "panda-infra-developer-in", developer=developer)


def test_ports_are_those_of_databases_urls_and_hosts() -> None:
    panda = {"postgres": {"enabled": False}, "settings": {"database": {"host": "db.cern.ch", "port": 6544}}}
    config = alice(
        components={"msgsvc": {}, "panda": panda},
        auth={"issuer": "https://iam.cern.ch:8443"},
        rucio={"host": "rucio.cern.ch:8444", "account": "panda"},
        proxy={"httpProxy": "http://proxy.cern.ch:3128"},
        hosts={"panda": "alice.cern.ch"},
    )
    assert outside_ports(config) == (443, 3128, 6544, 8443, 8444)
    # An embedded database is no place outside.
    assert outside_ports(alice(components={"msgsvc": {}, "panda": {}})) == ()


def test_a_group_may_be_the_owner() -> None:
    developer = {"user": None, "group": "developers"}
    found = {each.kind: each.content for each in guard_objects(alice(developer=developer))}
    assert [each["kind"] for each in found["RoleBinding"]["subjects"]] == ["Group", "ServiceAccount"]
