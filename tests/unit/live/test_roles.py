"""What a stack of a pair is in its cluster: the role that is written there, and the pods that are left or missing."""

from __future__ import annotations

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.live.preflight import _role
from panda_infra.live.roles import live_role, not_running, not_stopped
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.standby import Role
from tests.support import ctao
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.support.verification import pod, running

_MARK = "/api/v1/namespaces/panda/configmaps/panda-infra-standby"
_PODS = "/api/v1/namespaces/panda/pods"


def plan(term: int = 2) -> Plan:
    pair = {"of": "demo", "by": "demo-2", "term": term}
    return make_plan("demo", stack(components={"msgsvc": {}, "panda": {}}, hosts={}, standby=pair))


def marked(term: int) -> FakeApi:
    data = {"role": "standby", "other": "demo-2", "term": str(term)}
    return FakeApi({_MARK: {"metadata": {"name": "panda-infra-standby"}, "data": data}})


def test_the_role_is_read_in_the_cluster() -> None:
    assert live_role(plan(), marked(3)) == Role(False, 3, "demo-2")
    assert live_role(plan(), FakeApi()) is None


def test_a_file_that_is_older_than_its_cluster_is_refused() -> None:
    (problem,) = _role(plan(), marked(3)).problems
    assert "is 2, but a failover has made it 3 since" in str(problem)
    for api in (marked(2), marked(1), FakeApi(), FakeApi(failures={_MARK: KubernetesError("no")})):
        assert not _role(plan(), api).problems
    assert not _role(make_plan("demo", stack()), marked(3)).problems


def test_what_does_not_run_is_named() -> None:
    api = FakeApi()
    running(plan(), api, real=False)
    assert not_running(plan(), api) == []
    del api.objects[f"{_PODS}/panda-jedi-0"]
    del api.objects[f"{_PODS}/panda-postgres-0"]
    assert not_running(plan(), api) == ["panda/jedi: 0 of 1 pods are ready"]


def test_what_has_not_ended_is_named() -> None:
    labels = {"app.kubernetes.io/instance": "panda", "app.kubernetes.io/name": "jedi"}
    ending, over = pod("ending", labels), pod("over", labels)
    ending["metadata"]["deletionTimestamp"] = "2026-12-01T00:00:00Z"
    over["status"]["phase"] = "Succeeded"
    of_database = pod("database", {**labels, "app.kubernetes.io/name": "postgres"})
    api = FakeApi()
    api.add(_PODS, ending, over, of_database, pod("another", {"app.kubernetes.io/name": "jedi"}))
    assert not_stopped(plan(), api) == ["ending"]


def test_a_job_that_runs_has_not_ended() -> None:
    made = make_plan("ctao", ctao.stack())
    api = FakeApi()
    api.add(
        "/api/v1/namespaces/ctao/pods", pod("job", {"app.kubernetes.io/instance": "ctao-rucio-bootstrap"})
    )
    assert not_stopped(made, api) == ["job"]
