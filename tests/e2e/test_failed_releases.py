"""A release that fails has a reason, and a way back: the stack file as it was before.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testbed import stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.workspace import Result, Workspace

pytestmark = pytest.mark.e2e

_NAMESPACE = "failing"
_GROUP = {"testbed.panda-infra/group": "full"}
_NEVER = {"testbed.panda-infra/never-ready": "true"}


def components(*, timeout: int = 60, **broker: Any) -> dict[str, Any]:
    return {"msgsvc": {"timeout": timeout, "activemq": broker}}


class Failing:
    """A stack with a broker, and how Helm and the cluster have it."""

    def __init__(self, bed: Bed, stack: Workspace) -> None:
        self.stack = stack
        self.api = Api(bed.kubeconfig)

    def inside(self, kind: str, root: str = "/api/v1") -> list[Object]:
        return self.api.list(f"{root}/namespaces/{_NAMESPACE}/{kind}")

    def up(self, wanted: dict[str, Any], *arguments: str) -> Result:
        self.stack.configure({"panda-infra:components": wanted})
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
            "panda-infra:components": components(),
            "panda-infra:hosts": {},
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


def test_a_first_installation_that_failed_is_repeated(run: Failing) -> None:
    failed = run.up(components(timeout=10, annotations=_NEVER))
    assert failed.code != 0
    assert "pod panda-msgsvc-activemq-" in failed.text
    assert "is Running and not ready" in failed.text
    assert run.statuses() == ["failed"]
    repeated = run.up(components())
    assert repeated.code == 0, repeated.text
    run.is_well()


@pytest.mark.usefixtures("full_node")
def test_a_failed_change_names_the_pod_and_the_scheduler_s_words_and_its_revert_reverts(run: Failing) -> None:
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


@pytest.mark.usefixtures("full_node")
def test_a_failed_release_is_no_unchanged_one_whatever_the_state_was_told(run: Failing) -> None:
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
