"""A release that fails or drifts has a reason, and a way back.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from testbed import stacks, waiting
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.workspace import Result, Workspace
from tests.support.command_line import run_in
from tools import toolchain

pytestmark = pytest.mark.e2e

_NAMESPACE = "failing"
_GROUP = {"testbed.panda-infra/group": "full"}
_NEVER = {"testbed.panda-infra/never-ready": "true"}


def components(*, timeout: int = 60, atomic: bool = False, **broker: Any) -> dict[str, Any]:
    return {"msgsvc": {"timeout": timeout, "atomic": atomic, "activemq": broker}}


class Failing:
    """A stack with a broker, and how Helm and the cluster have it."""

    def __init__(self, bed: Bed, stack: Workspace) -> None:
        self.stack = stack
        self.kubeconfig = bed.kubeconfig
        self.api = Api(bed.kubeconfig)

    def inside(self, kind: str, root: str = "/api/v1") -> list[Object]:
        return self.api.list(f"{root}/namespaces/{_NAMESPACE}/{kind}")

    def up(self, wanted: dict[str, Any], *arguments: str) -> Result:
        self.stack.configure({"panda-infra:components": wanted, "panda-infra:hosts": {}})
        return self.stack.up(*arguments)

    def statuses(self) -> list[str]:
        """Of the broker's records, the newest last."""
        found = [secret["metadata"]["labels"] for secret in self.inside("secrets?labelSelector=owner%3Dhelm")]
        return [labels["status"] for labels in sorted(found, key=lambda labels: int(labels["version"]))]

    def selector(self) -> dict[str, str]:
        """Which nodes the broker's pods may run on, as the cluster has it."""
        (broker,) = self.inside("deployments", "/apis/apps/v1")
        selector: dict[str, str] = broker["spec"]["template"]["spec"].get("nodeSelector") or {}
        return selector

    @property
    def broker(self) -> str:
        """The path of the broker's workload."""
        return f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/panda-msgsvc-activemq"

    def problems(self) -> list[str]:
        """What `status` finds; its exit code shows whether that is anything."""
        shown = run_in(self.stack.folder, self.stack.environment(), "status", "local", "--json")
        found: list[str] = json.loads(shown.stdout)["problems"]
        assert shown.exit_code == bool(found), shown.output
        return found

    def is_well(self) -> None:
        assert self.statuses().count("deployed") == 1
        assert self.statuses()[-1] == "deployed"
        again = self.stack.up("--expect-no-changes")
        assert again.code == 0, again.text


@pytest.fixture(scope="module")
def run(bed: Bed) -> Iterator[Failing]:
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:storage": {"class": "standard"},
        },
    )
    yield Failing(bed, workspace)
    workspace.destroy()


@pytest.fixture(scope="module")
def full_node(run: Failing) -> Iterator[None]:
    """A node that is there and takes no pod: no look at the nodes' labels can know it before."""
    name = next(
        n["metadata"]["name"] for n in run.api.list("/api/v1/nodes") if "-node-" in n["metadata"]["name"]
    )
    path = f"/api/v1/nodes/{name}"
    run.api.merge(path, {"metadata": {"labels": _GROUP}, "spec": {"unschedulable": True}})
    yield
    run.api.merge(path, {"metadata": {"labels": dict.fromkeys(_GROUP)}, "spec": {"unschedulable": None}})


@pytest.mark.long
def test_a_first_installation_that_failed_is_repeated(run: Failing) -> None:
    failed = run.up(components(timeout=10, annotations=_NEVER))
    assert failed.code != 0
    assert "pod panda-msgsvc-activemq-" in failed.text
    assert "is Running and not ready" in failed.text
    assert run.statuses() == ["failed"]
    repeated = run.up(components())
    assert repeated.code == 0, repeated.text
    run.is_well()


@pytest.mark.long
@pytest.mark.usefixtures("full_node")
def test_a_failed_change_names_the_pod_and_the_scheduler_s_words_and_its_revert_reverts(run: Failing) -> None:
    assert run.up(components()).code == 0
    failed = run.up(components(timeout=10, nodeSelector=_GROUP))
    assert failed.code != 0
    assert "is Unschedulable: 0/5 nodes are available" in failed.text
    assert "panda-msgsvc" in failed.text
    assert run.selector() == _GROUP
    shown = run.stack.preview()
    assert "release panda-msgsvc is failed since" in shown.text
    reverted = run.up(components())
    assert reverted.code == 0, reverted.text
    assert run.selector() == {}
    run.is_well()


@pytest.mark.long
@pytest.mark.usefixtures("full_node")
def test_the_revert_replaces_the_pods_of_a_stateful_set_too(run: Failing) -> None:
    """Which never got ready, and for which Kubernetes itself would wait for ever."""
    wanted: dict[str, Any] = {"timeout": 60, "mariadb": {"enabled": True}}
    deployed = run.up({"iam": wanted})
    assert deployed.code == 0, deployed.text
    failed = run.up({"iam": wanted | {"timeout": 10, "main": {"nodeSelector": _GROUP}}})
    assert failed.code != 0
    assert "pod iam-main-0 is Unschedulable" in failed.text
    reverted = run.up({"iam": wanted})
    assert reverted.code == 0, reverted.text
    assert all(not pod["spec"].get("nodeSelector") for pod in run.inside("pods"))


@pytest.mark.long
@pytest.mark.usefixtures("full_node")
def test_a_failed_release_is_no_unchanged_one_whatever_the_state_was_reported(run: Failing) -> None:
    assert run.up(components()).code == 0
    failed = run.up(components(timeout=10, nodeSelector=_GROUP))
    assert failed.code != 0
    refreshed = run.stack.pulumi("refresh", "--yes", "--skip-preview", "--stack", "local")
    assert refreshed.code == 0, refreshed.text
    again = run.up(components(timeout=10, nodeSelector=_GROUP))
    assert again.code != 0
    assert "is Unschedulable" in again.text
    assert run.up(components()).code == 0
    assert run.selector() == {}
    run.is_well()


@pytest.mark.long
@pytest.mark.usefixtures("full_node")
def test_an_atomic_change_that_fails_is_undone_at_once(run: Failing) -> None:
    assert run.up(components(atomic=True)).code == 0
    failed = run.up(components(timeout=10, atomic=True, nodeSelector=_GROUP))
    assert failed.code != 0
    assert "is Unschedulable" in failed.text
    assert run.selector() == {}
    assert run.statuses()[-1] == "deployed"
    assert run.up(components()).code == 0
    run.is_well()


@pytest.mark.long
def test_a_rollback_by_helm_is_shown_and_undone(run: Failing) -> None:
    assert run.up(components()).code == 0
    assert run.up(components(annotations={"changed": "yes"})).code == 0
    rollback = [
        "helm",
        "rollback",
        "panda-msgsvc",
        "--namespace",
        _NAMESPACE,
        "--kubeconfig",
        str(run.kubeconfig),
    ]
    subprocess.run(rollback, env=os.environ | toolchain.ensure(["helm"]).environment(), check=True)
    shown = run.stack.preview()
    assert "somebody else deployed it" in shown.text
    again = run.stack.up()
    assert again.code == 0, again.text
    (broker,) = run.inside("deployments", "/apis/apps/v1")
    assert broker["spec"]["template"]["metadata"]["annotations"]["changed"] == "yes"
    run.is_well()


def scale_to_none(run: Failing) -> None:
    run.api.merge(run.broker, {"spec": {"replicas": 0}})


def delete_service(run: Failing) -> None:
    (service,) = run.inside("services")
    run.api.delete(f"/api/v1/namespaces/{_NAMESPACE}/services/{service['metadata']['name']}")


def delete_workload(run: Failing) -> None:
    run.api.delete(run.broker)


def allow_no_pods(run: Failing) -> None:
    """A quota, which keeps the place of a pod that was deleted empty."""
    quota = {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    run.api.create(f"/api/v1/namespaces/{_NAMESPACE}/resourcequotas", quota)
    waiting.until(lambda: bool(run.inside("resourcequotas")[0].get("status")), "the quota's controller", 30)
    for pod in run.inside("pods"):
        run.api.delete(f"/api/v1/namespaces/{_NAMESPACE}/pods/{pod['metadata']['name']}")
    waiting.until(lambda: not run.inside("pods"), "the pods' end", 30)


@pytest.mark.parametrize(
    ("by_hand", "reported"),
    [
        (scale_to_none, "Deployment panda-msgsvc-activemq differs in spec.replicas (0 instead of 1)"),
        pytest.param(delete_service, "Service panda-msgsvc-activemq is missing", marks=pytest.mark.long),
        pytest.param(delete_workload, "Deployment panda-msgsvc-activemq is missing", marks=pytest.mark.long),
    ],
)
def test_what_was_done_by_hand_is_shown_and_restored(
    run: Failing, by_hand: Callable[[Failing], None], reported: str
) -> None:
    assert run.up(components()).code == 0
    by_hand(run)
    assert f"release panda-msgsvc: {reported}" in run.problems()
    shown = run.stack.preview("--refresh", "--expect-no-changes")
    assert shown.code != 0
    assert reported in shown.text
    restored = run.stack.up("--refresh")
    assert restored.code == 0, restored.text
    assert run.problems() == []
    run.is_well()


@pytest.mark.long
def test_pods_that_are_missing_are_not_healthy(run: Failing) -> None:
    assert run.up(components()).code == 0
    allow_no_pods(run)
    problems = run.problems()
    assert "release panda-msgsvc: 1 of 1 pods are not ready" in problems
    assert any("makes no pod" in problem and "exceeded quota" in problem for problem in problems)
    run.api.delete(f"/api/v1/namespaces/{_NAMESPACE}/resourcequotas/none")
