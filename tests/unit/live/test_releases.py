"""How releases are, from Helm's records, their manifests and the objects of those."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError
from panda_infra.live import releases as module
from panda_infra.live.applied import release_statuses
from panda_infra.live.drift import Deviation
from panda_infra.live.releases import ReleaseStatus
from panda_infra.plan.make import make_plan
from tests.support.kubernetes import FakeApi
from tests.support.kubernetes import record as record_of
from tests.support.stacks import stack

PLAN = make_plan("demo", stack(components={"msgsvc": {}}))
HERE = "/api/v1/namespaces/panda"
NAME = "panda-msgsvc"
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: broker}
spec: {replicas: 2}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
"""


def record(revision: int, status: str) -> dict[str, Any]:
    return record_of(NAME, revision, status, MANIFEST)


class Cluster(FakeApi):
    """Records of the broker, and its two workloads."""

    def __init__(self, *records: dict[str, Any], broker: int = 2, store: int = 1) -> None:
        super().__init__()
        self.add(f"{HERE}/secrets", *records)
        inside = "/apis/apps/v1/namespaces/panda"
        self.objects[f"{inside}/deployments/broker"] = {"status": {"readyReplicas": broker}}
        self.objects[f"{inside}/statefulsets/store"] = {"status": {"readyReplicas": store}}


@pytest.fixture(autouse=True)
def as_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "deviations", lambda *_: [])
    monkeypatch.setattr(module, "reasons", lambda *_: ["pod broker-1 is Unschedulable"])


def status(api: FakeApi | None) -> ReleaseStatus:
    (found,) = release_statuses(PLAN, api)
    return found


def test_a_release_is_healthy_with_the_pods_that_its_manifest_asks_for() -> None:
    found = status(Cluster(record(9, "superseded"), record(10, "deployed")))
    assert found == ReleaseStatus("msgsvc", NAME, "deployed", 10, ready=3, pods=3)
    assert found.is_healthy
    assert list(found.problems("demo")) == []


@pytest.mark.parametrize("api", [None, Cluster()])
def test_a_release_without_a_record_is_not_there(api: FakeApi | None) -> None:
    found = status(api)
    assert not found.is_healthy
    assert list(found.problems("demo")) == [
        "release panda-msgsvc is not there: `pulumi up --stack demo` installs it; a run that was killed needs "
        "`pulumi cancel --stack demo` before"
    ]


def test_pods_that_are_missing_count_though_none_is_unready() -> None:
    found = status(Cluster(record(1, "deployed"), broker=0))
    assert (found.ready, found.pods) == (1, 3)
    assert not found.is_healthy
    assert list(found.problems("demo")) == [
        "release panda-msgsvc: 2 of 3 pods are not ready",
        "release panda-msgsvc: pod broker-1 is Unschedulable",
    ]


def test_a_workload_that_was_deleted_has_no_pods() -> None:
    api = Cluster(record(1, "deployed"))
    del api.objects["/apis/apps/v1/namespaces/panda/statefulsets/store"]
    assert (status(api).ready, status(api).pods) == (2, 3)


@pytest.mark.parametrize("state", ["pending-install", "pending-upgrade", "uninstalling", "failed"])
def test_a_release_that_is_stuck_shows_the_way_on(state: str) -> None:
    found = status(Cluster(record(1, "deployed"), record(2, state)))
    assert not found.is_healthy
    words = list(found.problems("demo"))
    assert words[0].startswith(f"release panda-msgsvc is {state}: ")
    assert "`pulumi up --stack demo`" in words[0]
    assert "`pulumi cancel --stack demo`" in words[0]
    assert words[1] == "release panda-msgsvc: pod broker-1 is Unschedulable"


def test_objects_that_are_not_as_the_manifest_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "deviations", lambda *_: [Deviation("Service", "broker", "is missing")])
    found = status(Cluster(record(1, "deployed")))
    assert not found.is_healthy
    assert list(found.problems("demo")) == [
        "release panda-msgsvc: Service broker is missing",
        "release panda-msgsvc has drifted: `pulumi up --refresh --stack demo` restores it",
    ]


def test_who_may_only_look_sees_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> list[Deviation]:
        raise KubernetesNotAllowedError("forbidden", status=403)

    monkeypatch.setattr(module, "deviations", refused)
    assert status(Cluster(record(1, "deployed"))).is_healthy
