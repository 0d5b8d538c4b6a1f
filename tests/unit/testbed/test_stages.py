"""The stages of the simulated kubelets, as far as they can be seen without running them."""

from pathlib import Path
from typing import Any

import pytest

import testbed
from tests.support import fast_yaml

STAGES: dict[str, dict[str, Any]] = {
    stage["metadata"]["name"]: stage
    for stage in fast_yaml.load_all(Path(testbed.__file__).with_name("stages.yaml").read_text())
}


def selects(stage: str, key: str) -> tuple[str, list[str]]:
    """Operator and values of the one requirement on ``key``."""
    (found,) = [one for one in STAGES[stage]["spec"]["selector"]["matchExpressions"] if one["key"] == key]
    return found["operator"], found.get("values", [])


def test_all_are_stages_of_nodes_pods_or_ingresses() -> None:
    assert {stage["kind"] for stage in STAGES.values()} == {"Stage"}
    assert {stage["spec"]["resourceRef"]["kind"] for stage in STAGES.values()} == {
        "Node",
        "Pod",
        "Ingress",
    }


def test_readiness_is_delayed_by_the_annotation_and_at_once_without_it() -> None:
    delay = STAGES["pod-ready"]["spec"]["delay"]
    assert (
        delay["durationFrom"]["expressionFrom"] == '.metadata.annotations["testbed.panda-infra/ready-after"]'
    )
    assert delay["durationMilliseconds"] == 0


@pytest.mark.parametrize("stage", [name for name in STAGES if name != "pod-ready"])
def test_nothing_else_is_delayed(stage: str) -> None:
    assert "delay" not in STAGES[stage]["spec"]


def test_never_ready_is_for_ever() -> None:
    key = '.metadata.annotations["testbed.panda-infra/never-ready"]'
    assert selects("pod-ready", key) == ("NotIn", ["true"])


def test_node_stages_exclude_each_other() -> None:
    key = '.metadata.annotations["testbed.panda-infra/not-ready"]'
    assert selects("node-ready", key) == ("NotIn", ["true"])
    assert selects("node-not-ready", key) == ("In", ["true"])


@pytest.mark.parametrize("stage", ["pod-start", "pod-ready", "pod-complete"])
def test_a_deleted_pod_is_only_ended(stage: str) -> None:
    assert selects(stage, ".metadata.deletionTimestamp") == ("DoesNotExist", [])


def test_a_pod_goes_only_when_nothing_holds_it() -> None:
    assert selects("pod-delete", ".metadata.finalizers.[]") == ("DoesNotExist", [])
    assert selects("pod-stop", ".metadata.finalizers.[]") == ("Exists", [])


def test_only_the_status_is_written() -> None:
    patches = [patch for stage in STAGES.values() for patch in stage["spec"]["next"].get("patches", [])]
    assert {(patch["root"], patch["subresource"]) for patch in patches} == {("status", "status")}
