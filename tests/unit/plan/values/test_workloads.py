"""Values that every sub-chart understands."""

from __future__ import annotations

from panda_infra.plan.values.owners import IMAGE_TAG, REPLICA_COUNT, owned_by_others
from panda_infra.plan.values.workloads import workload_values
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Image, Replicated, Resources, SubComponent, Toleration
from tests.support import stacks

_SERVER = COMPONENTS["panda"].sub_component("server")

_BACKEND = COMPONENTS["ui"].sub_component("backend")
_STACK = stacks.stack().settings


def test_what_is_not_said_stays_the_charts() -> None:
    assert workload_values(_SERVER, Replicated(), _STACK) == {"enabled": True, "replicaCount": 1}


def test_a_sub_chart_without_a_switch_gets_none() -> None:
    assert "enabled" not in workload_values(_BACKEND, Replicated(), _STACK)


def test_resources_replace_the_charts_as_a_whole_t41() -> None:
    config = SubComponent(resources=Resources(requests={"cpu": "1"}))
    assert workload_values(_SERVER, config, _STACK)["resources"] == {
        "requests": {"cpu": "1", "memory": None},
        "limits": {"cpu": None, "memory": None},
    }
    assert workload_values(_BACKEND, config, _STACK)["resources"] == {"requests": {"cpu": "1"}}


def test_an_image_overrides_only_what_it_names() -> None:
    assert workload_values(_SERVER, SubComponent(image=Image(tag="1.0.2")), _STACK)["image"] == {
        "tag": "1.0.2"
    }


def test_tolerations_are_spelled_as_kubernetes_does() -> None:
    toleration = Toleration(key="node.kubernetes.io/not-ready", operator="Exists", toleration_seconds=30)
    assert workload_values(_SERVER, SubComponent(tolerations=(toleration,)), _STACK)["tolerations"] == [
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 30}
    ]


def test_the_values_say_what_others_own() -> None:
    theirs = Replicated(replica_counts="autoscaler", image_tags="updater", replicas=2)
    values = workload_values(_SERVER, theirs, _STACK)
    assert values["replicaCount"] == 2, "where a new workload begins"
    assert owned_by_others(
        {"server": values, "jedi": workload_values(_SERVER, Replicated(), _STACK), "x": 1}
    ) == {"server": {REPLICA_COUNT, IMAGE_TAG}}
