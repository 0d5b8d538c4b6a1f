"""What an autoscaler and an updater own of a workload stays as they set it, whatever else is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import stacks, waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.command_line import run_in

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "owned"
_MAIN = f"/apis/apps/v1/namespaces/{_NAMESPACE}/statefulsets/iam-main"
_SCALERS = f"/apis/autoscaling/v2/namespaces/{_NAMESPACE}/horizontalpodautoscalers"
_TAG = "v9.9.9"
_THEIRS = {"replicaCounts": "autoscaler", "imageTags": "updater"}


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    settings = {"panda-infra:namespace": _NAMESPACE, "panda-infra:storage": {"class": "standard"}}
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, settings)
    yield workspace
    workspace.destroy()


def deploy(stack: Workspace, *arguments: str, **main: Any) -> None:
    iam = {"timeout": 60, "mariadb": {"enabled": True}, "main": main}
    stack.configure({"panda-infra:components": {"iam": iam}, "panda-infra:hosts": {}})
    done = stack.up(*arguments)
    assert done.code == 0, done.text


def scale_to(api: Api, pods: int) -> None:
    """By a real HorizontalPodAutoscaler, which keeps at least so many."""
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "iam-main"}
    spec = {"scaleTargetRef": target, "minReplicas": pods, "maxReplicas": 9}
    api.create(_SCALERS, {"metadata": {"name": "iam-main"}, "spec": spec})
    waiting.until(lambda: replicas(api) == pods, "the autoscaler's work", 60)


def update_image(api: Api) -> None:
    """As an updater does it, who writes nothing but the image."""
    containers = api.get(_MAIN)["spec"]["template"]["spec"]["containers"]
    name, _, _ = containers[0]["image"].rpartition(":")
    containers[0]["image"] = f"{name}:{_TAG}"
    change = {"spec": {"template": {"spec": {"containers": containers}}}}
    api.merge(f"{_MAIN}?fieldManager=updater", change)


def replicas(api: Api) -> int:
    found: int = api.get(_MAIN)["spec"]["replicas"]
    return found


def tag(api: Api) -> str:
    image: str = api.get(_MAIN)["spec"]["template"]["spec"]["containers"][0]["image"]
    return image.rpartition(":")[2]


def problems(stack: Workspace) -> list[str]:
    shown = run_in(stack.folder, stack.environment(), "status", "local", "--json")
    found: list[str] = json.loads(shown.stdout)["problems"]
    return found


def is_unchanged(stack: Workspace) -> None:
    for more in ((), ("--refresh",)):
        shown = stack.preview("--expect-no-changes", *more)
        assert shown.code == 0, shown.text


def test_what_others_own_is_left_to_them(stack: Workspace, api: Api) -> None:
    deploy(stack, **_THEIRS)
    assert replicas(api) == 1, "a new workload begins as the stack file says"
    scale_to(api, 2)
    update_image(api)
    waiting.until(lambda: problems(stack) == [], "a healthy release", 60)
    is_unchanged(stack)
    deploy(stack, **_THEIRS, annotations={"changed": "yes"})
    main = api.get(_MAIN)
    assert main["spec"]["template"]["metadata"]["annotations"]["changed"] == "yes"
    assert (replicas(api), tag(api)) == (2, _TAG)
    assert problems(stack) == []
    is_unchanged(stack)
    deploy(stack, "--refresh", **_THEIRS, annotations={"changed": "again"})
    assert (replicas(api), tag(api)) == (2, _TAG)


def test_what_the_program_owns_of_the_same_workload_is_not(stack: Workspace, api: Api) -> None:
    api.merge(_MAIN, {"spec": {"minReadySeconds": 7, "revisionHistoryLimit": 3}})
    database = f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/iam-mariadb"
    api.merge(database, {"spec": {"replicas": 0}})
    reported = "release iam: Deployment iam-mariadb differs in spec.replicas (0 instead of 1)"
    assert reported in problems(stack)
    deploy(stack, "--refresh", **_THEIRS)
    assert api.get(database)["spec"]["replicas"] == 1
    assert (replicas(api), tag(api)) == (2, _TAG)


def test_what_is_taken_back_from_others_is_as_the_stack_file_says(stack: Workspace, api: Api) -> None:
    api.delete(f"{_SCALERS}/iam-main")
    deploy(stack)
    assert replicas(api) == 1
    assert tag(api) != _TAG
    waiting.until(lambda: problems(stack) == [], "a healthy release", 60)
