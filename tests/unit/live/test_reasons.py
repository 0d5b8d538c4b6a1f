"""Why a release is not ready: from pods, claims, workloads and jobs, and the events about them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from panda_infra.live.reasons import reasons
from tests.support.kubernetes import FakeApi, made

HERE = "/api/v1/namespaces/panda"


class Cluster(FakeApi):
    """What belongs to the release, and the events about it."""

    def put(self, kind: str, name: str, *, root: str = "/api/v1", **content: Any) -> None:
        labels = {"app.kubernetes.io/instance": "panda-ui"}
        self.add(f"{root}/namespaces/panda/{kind}", made(name, uid=f"{kind}/{name}", labels=labels) | content)

    def event(
        self, involved: str, reason: str, message: str, *, kind: str = "Warning", at: str = "1"
    ) -> None:
        event: dict[str, Any] = {"reason": reason, "message": message, "type": kind, "lastTimestamp": at}
        event |= {"involvedObject": {"uid": involved}, "metadata": {}}
        self.add(f"{HERE}/events", event)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def found(cluster: Cluster) -> list[str]:
    return reasons(cluster, "panda", "panda-ui")


def container(name: str = "main", **state: Any) -> dict[str, Any]:
    return {"name": name, "restartCount": 3, **state}


def test_a_ready_release_has_none(cluster: Cluster) -> None:
    cluster.put(
        "pods", "ui-0", status={"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    )
    cluster.put("pods", "job", status={"phase": "Succeeded"})
    cluster.put("persistentvolumeclaims", "data", status={"phase": "Bound"})
    assert found(cluster) == []


def test_the_scheduler_s_words(cluster: Cluster) -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    words = "0/4 nodes are available: 4 node(s) didn't match Pod's node affinity/selector."
    cluster.put("pods", "ui-0", status={"phase": "Pending", "conditions": [condition | {"message": words}]})
    assert found(cluster) == [f"pod ui-0 is Unschedulable: {words}"]


def test_an_image_that_cannot_be_pulled(cluster: Cluster) -> None:
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image\n "nowhere/ui:1"'}
    status = {"phase": "Pending", "containerStatuses": [container(state={"waiting": waiting})]}
    cluster.put("pods", "ui-0", status=status)
    assert found(cluster) == [
        'pod ui-0, container main: ImagePullBackOff: Back-off pulling image "nowhere/ui:1"'
    ]


def test_a_crash_shows_its_last_lines_without_secrets(cluster: Cluster) -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    last = {"terminated": {"exitCode": 1, "reason": "Error"}}
    cluster.put(
        "pods",
        "ui-0",
        spec={
            "containers": [{"envFrom": [{"secretRef": {"name": "envs"}}]}],
            "volumes": [{"secret": {"secretName": "files"}}],
        },
        status={
            "phase": "Running",
            "initContainerStatuses": [container("setup", state=state, lastState=last)],
        },
    )
    envs = {"PASSWORD": b64encode(b"a-canary-password").decode(), "FLAG": b64encode(b"yes").decode()}
    files = {"config": b64encode(b"[db]\npassword = another-canary\n").decode()}
    cluster.add(f"{HERE}/secrets", made("envs") | {"data": envs}, made("files") | {"data": files})
    cluster.objects[f"{HERE}/pods/ui-0/log"] = (
        "yes, connecting as a-canary-password\npassword = another-canary\nrefused"
    )
    assert found(cluster) == [
        "pod ui-0, container setup: CrashLoopBackOff",
        "pod ui-0, container setup ended with exit code 1 (Error), restarted 3 times",
        "  its last log lines:\n    yes, connecting as ***\n    ***\n    refused",
    ]
    (asked,) = (call for call in cluster.calls if call.path.endswith("/log"))
    assert ("previous", "true") in asked.query


def test_a_claim_without_a_volume(cluster: Cluster) -> None:
    cluster.put("persistentvolumeclaims", "data", status={"phase": "Pending"})
    assert found(cluster) == ["claim data is Pending: no volume was made for it"]
    cluster.event("persistentvolumeclaims/data", "ProvisioningFailed", "storageclass not found")
    assert found(cluster) == ["claim data is Pending: ProvisioningFailed: storageclass not found"]


def test_pods_that_are_not_even_made(cluster: Cluster) -> None:
    cluster.put("statefulsets", "ui", root="/apis/apps/v1")
    cluster.event("statefulsets/ui", "FailedCreate", "exceeded quota: pods=10")
    assert found(cluster) == ["statefulset ui makes no pod: exceeded quota: pods=10"]


def test_a_job_that_failed(cluster: Cluster) -> None:
    condition = {"type": "Failed", "status": "True", "message": "Job has reached the specified backoff limit"}
    cluster.put("jobs", "migrate", root="/apis/batch/v1", status={"conditions": [condition]})
    assert found(cluster) == ["job migrate failed: Job has reached the specified backoff limit"]


def test_a_pod_that_nobody_explains_shows_its_last_event(cluster: Cluster) -> None:
    cluster.put("pods", "ui-0", status={"phase": "Running"})
    assert found(cluster) == ["pod ui-0 is Running and not ready: no event shows why"]
    cluster.event("pods/ui-0", "Unhealthy", "Readiness probe failed: 503", at="2")
    cluster.event("pods/ui-0", "Started", "Started container", kind="Normal", at="3")
    assert found(cluster) == ["pod ui-0 is Running and not ready: Unhealthy: Readiness probe failed: 503"]
