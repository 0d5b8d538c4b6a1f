"""Which jobs of a release run again."""

from __future__ import annotations

from typing import Any

from panda_infra.helm.failed_jobs import forget_failed_jobs
from tests.support.kubernetes import FakeApi, made

_JOBS = "/apis/batch/v1/namespaces/ctao/jobs"
_MANIFEST = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: failed}
---
apiVersion: batch/v1
kind: Job
metadata: {name: failed}
---
apiVersion: batch/v1
kind: Job
metadata: {name: done}
---
apiVersion: batch/v1
kind: Job
metadata: {name: at-work}
---
apiVersion: batch/v1
kind: Job
metadata: {name: gone}
"""


def job(name: str, *states: str) -> dict[str, Any]:
    conditions = [{"type": state, "status": "True"} for state in states]
    return made(name) | {"status": {"conditions": conditions}}


def test_a_job_that_has_failed_is_forgotten_with_its_pods_and_no_other() -> None:
    api = FakeApi()
    jobs = [job("failed", "Failed"), job("done", "Complete"), job("at-work"), job("of-others", "Failed")]
    api.add(_JOBS, *jobs)
    assert forget_failed_jobs(api, "ctao", _MANIFEST) == ["failed"]
    assert api.deleted == [f"{_JOBS}/failed"]
    # Without this the API server leaves the pods of a Job.
    (call,) = (call for call in api.calls if call.method == "DELETE")
    assert call.body == {"propagationPolicy": "Background"}
    assert forget_failed_jobs(api, "ctao", _MANIFEST) == []
