"""Where pods may run, as the charts and what Helm pipes them through render it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panda_infra.secrets.generate import stand_ins
from tests.support.stacks import EVERYTHING, stack
from tests.unit.stacks.rendered import Rendered, Workload, rendered_stack

# Deployments with data that two pods would spoil: they keep to what Kubernetes gives every pod.
_KEPT = {("panda", "postgres"), ("idds", "postgres"), ("iam", "mariadb")}


def made(helm: Path, charts: Path, components: dict[str, Any], **sections: Any) -> Rendered:
    everything = {name: {} for name in _with_a_chart(charts)} | components
    config = stack(components=everything, **sections)
    config = config.model_copy(update={"secrets": stand_ins(config)})
    return rendered_stack(helm, charts, "local", config)


def _with_a_chart(charts: Path) -> list[str]:
    return [name for name in EVERYTHING if (charts / name).is_dir()]


def seconds(workload: Workload) -> dict[str, int | None]:
    """How long its pods stay on a node, by what ails the node."""
    return {
        each["key"].removeprefix("node.kubernetes.io/"): each.get("tolerationSeconds")
        for each in workload.pod.get("tolerations") or ()
        if each["operator"] == "Exists" and each["effect"] == "NoExecute"
    }


def test_pods_of_every_component_leave_lost_nodes_when_the_stack_says(helm: Path, charts: Path) -> None:
    inside = {"mariadb": {"enabled": True}}
    variants = [{}, {"iam": inside, "iam-db": {"mariadb": {"enabled": False}}}]
    every = [
        workload
        for components in variants
        for workload in made(helm, charts, components, placement={"evictAfter": 45}).workloads()
    ]
    found = {(each.component, each.sub_component): seconds(each) for each in every}
    assert {name for name, _ in found} == set(_with_a_chart(charts))
    assert {name for name, reported in found.items() if not reported} == _KEPT
    assert [
        reported for reported in found.values() if reported not in ({}, {"not-ready": 45, "unreachable": 45})
    ] == []


def test_every_pod_of_every_component_leaves_lost_nodes_that_are_recovered(helm: Path, charts: Path) -> None:
    """The pods of every chart, and only one pod of a database at a time."""
    inside = {"mariadb": {"enabled": True}}
    variants = [{}, {"iam": inside, "iam-db": {"mariadb": {"enabled": False}}}]
    every = [
        workload
        for components in variants
        for workload in made(helm, charts, components, nodeRecovery={"confirm": "none"}).workloads()
    ]
    found = {(each.component, each.sub_component): seconds(each) for each in every}
    assert {name for name, _ in found} == set(_with_a_chart(charts))
    assert set(map(str, found.values())) == {str({"not-ready": 30, "unreachable": 30})}
    for each in every:
        if (each.component, each.sub_component) in _KEPT:
            (term,) = each.pod["affinity"]["podAntiAffinity"][
                "requiredDuringSchedulingIgnoredDuringExecution"
            ]
            labels = each.body["spec"]["template"]["metadata"]["labels"]
            assert term["topologyKey"] == "kubernetes.io/os"
            assert term["labelSelector"]["matchLabels"].items() <= labels.items()
            assert each.body["spec"]["strategy"]["type"] == "Recreate"


def test_every_stack_says_it_once(rendered: Rendered) -> None:
    wanted = rendered.plan.config.placement.evict_after
    reported = [seconds(workload) for workload in rendered.workloads()]
    assert any(reported) == (wanted is not None)
    assert [each for each in reported if each and set(each.values()) != {wanted}] == []


@pytest.mark.parametrize(("component", "sub"), [("ui", "frontend"), ("ui", "backend"), ("idds", "rest")])
def test_a_pod_is_placed_as_its_sub_component_says(
    helm: Path, charts: Path, component: str, sub: str
) -> None:
    """In charts that take it as values, and in the one that does not."""
    own: dict[str, Any] = {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "annotations": {"mine": "yes"},
    }
    rendered = made(helm, charts, {component: {sub: own}})
    (workload,) = [w for w in rendered.workloads() if (w.component, w.sub_component) == (component, sub)]
    assert {key: workload.pod[key] for key in ("nodeSelector", "tolerations", "affinity")} == {
        key: own[key] for key in ("nodeSelector", "tolerations", "affinity")
    }
    assert workload.body["spec"]["template"]["metadata"]["annotations"] == {"mine": "yes"}
