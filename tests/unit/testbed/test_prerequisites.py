from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from testbed import nodes, prerequisites
from tests.support.stacks import stack


def workers(**components: Any) -> int:
    return prerequisites.workers(make_plan("local", stack(components=components)))


def reserving(cpu: str, memory: str) -> dict[str, Any]:
    amounts = {"cpu": cpu, "memory": memory}
    return {"activemq": {"resources": {"requests": amounts, "limits": amounts}}}


def test_a_small_stack_needs_one_worker() -> None:
    assert workers(msgsvc=reserving("1", "1Gi")) == 1


@pytest.mark.parametrize("amounts", [("48", "1Gi"), ("1", "192Gi")])
def test_the_scarcer_resource_decides_and_some_room_is_left(amounts: tuple[str, str]) -> None:
    assert (nodes.WORKER.cpu, nodes.WORKER.memory) == ("16", "64Gi")
    assert workers(msgsvc=reserving(*amounts)) == 5


def test_every_class_that_a_stack_names_is_provided() -> None:
    server = {"volumes": {"logs": {"class": "server-class"}}}
    config = stack(
        storage={"class": "fast", "sharedLogs": {"class": "shared"}},
        components={"msgsvc": {}, "panda": {"server": server}},
    )
    made = [
        body["metadata"]["name"]
        for path, body in prerequisites.objects(config)
        if path.endswith("storageclasses")
    ]
    assert made == ["fast", "server-class", "shared"]


def test_routes_exist_only_where_a_stack_has_them() -> None:
    def kinds(kind: str) -> set[str]:
        config = stack(exposure={"kind": kind})
        return {path.rpartition("/")[2] for path, _ in prerequisites.objects(config)}

    assert "customresourcedefinitions" in kinds("route")
    assert "customresourcedefinitions" not in kinds("nginx")


@pytest.mark.parametrize(
    ("exposure", "kind", "name"),
    [
        ({"className": "traefik"}, "ingressclasses", "traefik"),
        ({"kind": "gateway", "className": "envoy"}, "gatewayclasses", "envoy"),
    ],
)
def test_the_class_that_exposes_a_stack_is_provided(exposure: dict[str, Any], kind: str, name: str) -> None:
    made = [(path.rpartition("/")[2], body) for path, body in prerequisites.objects(stack(exposure=exposure))]
    assert [body["metadata"]["name"] for path, body in made if path == kind] == [name]


@pytest.mark.parametrize(
    ("sections", "definitions"),
    [
        (
            {"monitoring": {"kind": "prometheusOperator"}},
            [
                ("servicemonitors.monitoring.coreos.com", "v1"),
                ("prometheusrules.monitoring.coreos.com", "v1"),
                ("alertmanagerconfigs.monitoring.coreos.com", "v1alpha1"),
            ],
        ),
        ({"monitoring": {"kind": "annotations"}, "networkPolicies": {"kind": "standard"}}, []),
        ({"networkPolicies": {"kind": "cilium"}}, [("ciliumnetworkpolicies.cilium.io", "v2")]),
    ],
    ids=["operator", "neither", "cilium"],
)
def test_kinds_of_operators_are_served_where_a_stack_makes_some(
    sections: dict[str, Any], definitions: list[tuple[str, str]]
) -> None:
    made = [body for path, body in prerequisites.objects(stack(**sections)) if path.endswith("definitions")]
    assert [(body["metadata"]["name"], body["spec"]["versions"][0]["name"]) for body in made] == definitions
