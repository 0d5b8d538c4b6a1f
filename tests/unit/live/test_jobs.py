"""A Job is awaited to its end, through what goes wrong on the way to the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import override

from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesUnreachableError
from panda_infra.errors import PandaInfraError
from panda_infra.live import jobs, outage
from panda_infra.live.jobs import run_to_end
from tests.support.kubernetes import FakeApi

JOBS, PODS = "/apis/batch/v1/namespaces/panda/jobs", "/api/v1/namespaces/panda/pods"
JOB = {
    "metadata": {"name": "restore-1", "namespace": "panda"},
    "spec": {"template": {"spec": {"containers": [{"name": "restore"}]}}},
}
SILENT = KubernetesUnreachableError("the Kubernetes API cannot be reached")


class Cluster(FakeApi):
    """Answers are lost after what ``lost`` returns true for; the Job ends after ``looks`` looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 3
        self.lost: Callable[[str, str], bool] = lambda _method, _path: False

    @override
    def call(self, method: str, path: str, **more: Any) -> Any:
        answer = super().call(method, path, **more)
        if self.lost(method, path):
            raise SILENT
        if path == f"{JOBS}/restore-1" and answer:
            self.looks -= 1
            if self.looks == 0:
                self.objects[path]["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
        return answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    for each in (jobs, outage):
        monkeypatch.setattr(each, "_PAUSE", 0.0)
    return Cluster()


def test_a_job_whose_making_was_not_answered_is_awaited(api: Cluster) -> None:
    """Otherwise a person would start a second restore beside the first."""
    api.lost = lambda method, _path: method == "POST"
    assert run_to_end(api, JOB, seconds=60).name == "restore-1"


def test_a_job_that_the_api_has_made_before_it_asks_again_is_awaited(api: Cluster) -> None:
    """The client sends a request again that is answered by 504, and the second one is refused."""
    api.add(JOBS, JOB)
    api.failures[f"POST {JOBS}"] = KubernetesError("already exists", status=409)
    assert run_to_end(api, JOB, seconds=60).name == "restore-1"


def test_a_job_that_is_refused_is_an_error(api: Cluster) -> None:
    api.failures[f"POST {JOBS}"] = KubernetesError("exceeded quota", status=403)
    with pytest.raises(KubernetesError, match="exceeded quota"):
        run_to_end(api, JOB, seconds=60)


def test_an_outage_does_not_end_the_wait(api: Cluster) -> None:
    lost = iter([True, True, False, True])
    api.lost = lambda method, path: method == "GET" and path.startswith(JOBS) and next(lost, False)
    assert run_to_end(api, JOB, seconds=60).name == "restore-1"


def test_an_outage_without_an_end_says_that_the_job_goes_on(
    api: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "_SILENCE", 0.0)
    api.lost = lambda method, _path: method == "GET"
    with pytest.raises(PandaInfraError, match=r"(?s)cannot be reached.*restore-1 goes on"):
        run_to_end(api, JOB, seconds=60)


def test_a_job_that_somebody_has_deleted_is_an_error(api: Cluster) -> None:
    def deleted(method: str, path: str) -> bool:
        api.objects.pop(f"{path}/restore-1", None)
        return method == "POST"

    api.lost = deleted
    with pytest.raises(KubernetesError, match="cannot be reached"):
        run_to_end(api, JOB, seconds=60)
