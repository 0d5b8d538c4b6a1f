"""Pods of a change that was taken back are replaced, and no others."""

from __future__ import annotations

from typing import Any

from panda_infra.helm.rollout import replace_outdated
from tests.support.kubernetes import FakeApi

INSTANCE = {"app.kubernetes.io/instance": "iam-db"}
PODS = "/api/v1/namespaces/panda/pods"


def cluster(*pods: dict[str, Any], observed: int = 2) -> FakeApi:
    """One StatefulSet and its pods."""
    api = FakeApi()
    api.add(
        "/apis/apps/v1/namespaces/panda/statefulsets",
        {
            "metadata": {"uid": "set", "generation": 2, "labels": INSTANCE},
            "status": {"updateRevision": "new", "observedGeneration": observed},
        },
    )
    api.add(PODS, *pods)
    return api


def pod(
    name: str, *, revision: str = "old", ready: bool = False, owner: str = "set", **metadata: Any
) -> dict[str, Any]:
    labels = {**INSTANCE, "controller-revision-hash": revision}
    return {
        "metadata": {"name": name, "labels": labels, "ownerReferences": [{"uid": owner}], **metadata},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def test_only_what_is_outdated_and_not_ready_is_replaced() -> None:
    api = cluster(
        pod("stuck"),
        pod("ready", ready=True),
        pod("current", revision="new"),
        pod("of-another", owner="other"),
        pod("ending", deletionTimestamp="2026-01-01T00:00:00Z"),
    )
    assert replace_outdated(api, "panda", "iam-db") == ["stuck"]
    assert api.deleted == [f"{PODS}/stuck"]


def test_nothing_is_replaced_before_the_controller_has_seen_the_change() -> None:
    api = cluster(pod("stuck"), observed=1)
    assert replace_outdated(api, "panda", "iam-db") == []
    assert api.deleted == []
