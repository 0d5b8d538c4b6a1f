"""Which pods of a part can be asked: ready ones, in which something runs."""

from __future__ import annotations

import pytest

from panda_infra.errors import NotAskedError, WrongError
from panda_infra.live.pods import Pod, Pods
from panda_infra.plan.make import make_plan
from tests.support import ctao
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.support.verification import pod, running

_PLAN = make_plan("demo", stack(components={"msgsvc": {}, "panda": {"postgres": {"enabled": False}}}))
_PODS = "/api/v1/namespaces/panda/pods"
_BROKER = "/apis/apps/v1/namespaces/panda/deployments/panda-msgsvc-activemq"
_LABELS = {"app": "panda-msgsvc-activemq"}


def pods(*, real: bool = True) -> tuple[Pods, FakeApi]:
    api = FakeApi()
    running(_PLAN, api, real=real)
    return Pods(api, _PLAN), api


def test_a_running_part() -> None:
    found, api = pods()
    assert found.one("msgsvc/activemq") == Pod("panda-msgsvc-activemq-0", "main")
    assert found.all_run("msgsvc/activemq") == "1 of 1 pods are ready"
    # A simulated pod beside a real one is not chosen.
    api.add(_PODS, pod("another", _LABELS, real=False))
    assert found.one("msgsvc/activemq").name == "panda-msgsvc-activemq-0"
    found.must_run("msgsvc/activemq")
    found.any_runs("msgsvc")


def test_a_part_without_a_ready_pod_is_wrong() -> None:
    found, api = pods()
    api.add(_PODS, pod("panda-msgsvc-activemq-0", _LABELS, ready=False))
    with pytest.raises(WrongError, match="no pod of msgsvc/activemq is ready"):
        found.one("msgsvc/activemq")
    with pytest.raises(WrongError, match="0 of 1 pods are ready"):
        found.all_run("msgsvc/activemq")
    api.objects[_BROKER]["spec"]["replicas"] = 0
    with pytest.raises(WrongError, match="0 of 0 pods are ready"):
        found.all_run("msgsvc/activemq")
    del api.objects[_BROKER]
    with pytest.raises(WrongError, match="Deployment panda-msgsvc-activemq is not there"):
        found.one("msgsvc/activemq")
    # What it is needed for fails by itself.
    found.must_run("msgsvc/activemq")


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"replicas": 2, "updatedReplicas": 1}, id="the new pod beside the former one"),
        pytest.param({"replicas": 1}, id="no new pod can be made"),
        pytest.param(
            {"replicas": 1, "updatedReplicas": 1, "observedGeneration": 1}, id="nobody has looked yet"
        ),
        pytest.param({}, id="no controller"),
    ],
)
def test_a_former_pod_does_not_stand_in_for_the_newest(status: dict[str, int]) -> None:
    """A deployment that has failed leaves the former pods ready."""
    found, api = pods()
    api.objects[_BROKER]["status"] = status
    api.objects[_BROKER]["metadata"]["generation"] = 2
    with pytest.raises(WrongError, match="1 of 1 pods are ready, but some of them are former ones"):
        found.all_run("msgsvc/activemq")


def test_a_pod_that_is_being_ended_does_not_count() -> None:
    found, api = pods()
    api.objects[f"{_PODS}/panda-msgsvc-activemq-0"]["metadata"]["deletionTimestamp"] = "2026-12-01T00:00:00Z"
    with pytest.raises(WrongError):
        found.one("msgsvc/activemq")


def test_simulated_pods_cannot_be_asked() -> None:
    found, _ = pods(real=False)
    for question in (found.one, found.all_run, found.must_run):
        with pytest.raises(NotAskedError, match="is simulated") as told:
            question("panda/server")
        assert not told.value.absent
    with pytest.raises(NotAskedError, match="panda is simulated"):
        found.any_runs("panda")


def test_what_the_stack_does_not_have_is_absent() -> None:
    found, _ = pods()
    for part in ("panda/postgres", "idds/rest"):
        with pytest.raises(NotAskedError, match="is not part of this stack") as told:
            found.one(part)
        assert told.value.absent
        found.must_run(part)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([{"type": "Failed", "status": "True"}], "the job has failed"),
        ([], "the job has not ended yet"),
    ],
)
def test_a_job_must_have_succeeded(conditions: list[dict[str, str]], words: str) -> None:
    plan, api = make_plan("ctao", ctao.stack()), FakeApi()
    running(plan, api)
    part, found = "rucio-bootstrap/job", Pods(api, plan)
    assert found.all_run(part) == "the job has succeeded"
    jobs = f"/apis/batch/v1/namespaces/{plan.config.namespace}/jobs"
    (path,) = (path for path in api.objects if path.startswith(f"{jobs}/ctao-rucio-bootstrap"))
    api.objects[path]["status"]["conditions"] = conditions
    with pytest.raises(WrongError, match=words):
        found.all_run(part)
    del api.objects[path]
    with pytest.raises(WrongError, match="the job is not there"):
        found.all_run(part)
