"""Dead nodes are taken out of service by the program that the stack deploys, against the real controllers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.plan.node_recovery import NAME
from testbed import mortal, stacks, waiting
from testbed.api import Api
from testbed.bed import Bed
from testbed.mortal import Machine
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.lost_nodes import Replica, attaching, replicas, seconds_until_back
from tests.support.node_recovery import Pod, out_of_service, pods, running
from tests.support.stacks import stack as stack_config

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "recovered"
_SMALL: dict[str, Any] = {
    "panda-infra:components": {"msgsvc": {}},
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard"},
}
# The shortest silence that a heartbeat each ten seconds allows, so that a test need not wait for more.
_QUICK = {"confirm": "none", "silentFor": 12, "apart": 0}
_GRACE = 50  # seconds after which Kubernetes calls a silent node Unknown
_NODES = "/api/v1/nodes"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"


def workspace(bed: Bed, name: str, settings: dict[str, Any], **sections: Any) -> Workspace:
    own = {"namespace": name, "nodeRecovery": settings, **sections}
    given = {f"panda-infra:{section}": value for section, value in own.items()}
    return stacks.local(bed, bed.state / "stacks" / name, _SMALL | given)


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    made = workspace(bed, _NAMESPACE, _QUICK)
    done = made.up()
    assert done.code == 0, done.text
    yield made
    done = made.destroy()
    assert done.code == 0, done.text
    assert left(Api(bed.kubeconfig)) == []


def left(api: Api) -> list[str]:
    """The objects of node recovery that are outside of the stack's namespace."""
    collections = (
        f"{_RBAC}/clusterroles",
        f"{_RBAC}/clusterrolebindings",
        f"{_RBAC}/namespaces/kube-node-lease/roles",
        f"{_RBAC}/namespaces/kube-node-lease/rolebindings",
    )
    return [
        collection
        for collection in collections
        if NAME in {e["metadata"]["name"] for e in api.list(collection)}
    ]


@contextmanager
def both(bed: Bed, folder: Path, **changed: str) -> Iterator[list[Pod]]:
    """The programs of both pods."""
    names = [pod["metadata"]["name"] for pod in pods(bed, _NAMESPACE)]
    assert len(names) == 2
    with ExitStack() as together:
        started = [
            together.enter_context(running(bed, _NAMESPACE, folder, name, **changed)) for name in names
        ]
        for each in started:
            each.await_line("begins", 10)
        yield started


def called_unknown(api: Api, *machines: Machine) -> None:
    """What the node controller writes after its grace period."""
    for machine in machines:
        conditions = api.get(f"{_NODES}/{machine.node}")["status"]["conditions"]
        changed = [{**each, "status": "Unknown"} if each["type"] == "Ready" else each for each in conditions]
        api.merge(f"{_NODES}/{machine.node}/status", {"status": {"conditions": changed}})


def taken(started: list[Pod]) -> list[str]:
    return [line for pod in started for line in pod.said() if line.endswith("taken out of service")]


def test_the_deployed_program_takes_a_dead_node_out_and_gives_it_back(
    bed: Bed, api: Api, stack: Workspace, tmp_path: Path
) -> None:
    with mortal.machines(bed, 2) as machines, both(bed, tmp_path) as started:
        dead, _ = machines
        api.merge(f"{_NODES}/{dead.node}", {"spec": {"unschedulable": True}})
        dead.stop()
        called_unknown(api, dead)
        # Meanwhile: nothing of it changes, and it is the only one in the cluster.
        again = stack.preview("--expect-no-changes")
        assert again.code == 0, again.text
        second = workspace(bed, "recovering-too", {"confirm": "none"}).preview()
        assert second.code != 0
        reported = " ".join(second.text.split())
        assert (
            f"nodeRecovery: would make ClusterRole {NAME}, which exists and is not this stack's" in reported
        )
        assert "One serves the whole cluster: leave this key out." in reported
        waiting.until(lambda: out_of_service(bed) == [dead.node], "the taint", 40)
        dead.start()
        waiting.until(lambda: out_of_service(bed) == [], "the end of the taint", 20)
        assert len(taken(started)) == 1
        spec = api.get(f"{_NODES}/{dead.node}")["spec"]
        assert spec["unschedulable"], "who has cordoned it decides when that ends"


@pytest.fixture(scope="module")
def volumes(bed: Bed) -> Iterator[None]:
    with attaching(bed):
        yield


def under(replica: Replica, machines: list[Machine]) -> Machine:
    return next(machine for machine in machines if machine.node == replica.node)


@pytest.mark.long
@pytest.mark.usefixtures("stack", "volumes")
class TestWithVolumes:
    """A StatefulSet with an attached volume comes back elsewhere, and only when that is certain."""

    def test_it_hangs_without_node_recovery(self, bed: Bed) -> None:
        with mortal.machines(bed, 2) as machines, replicas(bed, _NAMESPACE, machines, "alone") as (replica,):
            dead = under(replica, machines)
            dead.stop()
            waiting.until(lambda: _is_ending(replica), "the eviction", _GRACE + 50)
            time.sleep(30)  # what never happens cannot be waited for
            assert replica.node == dead.node
            dead.start()

    def test_it_is_back_within_ninety_seconds(self, bed: Bed, tmp_path: Path) -> None:
        with (
            mortal.machines(bed, 3) as machines,
            both(bed, tmp_path) as started,
            replicas(bed, _NAMESPACE, machines, "data") as (replica,),
        ):
            dead = under(replica, machines)
            assert seconds_until_back(replica, dead, 110) <= 90
            assert replica.attached() == [replica.node]
            assert len(taken(started)) == 1
            dead.start()
            waiting.until(lambda: out_of_service(bed) == [], "the end of the taint", 30)
            assert replica.runs()

    def test_two_nodes_at_once(self, bed: Bed, tmp_path: Path) -> None:
        with (
            mortal.machines(bed, 3) as machines,
            both(bed, tmp_path) as started,
            replicas(bed, _NAMESPACE, machines, "one", "two", "three") as made,
        ):
            # Three pods on three machines: the scheduler spreads what is equal.
            dead = {machine.node: machine for machine in machines[:2]}
            for machine in dead.values():
                machine.stop()
            for replica in made:
                waiting.until(
                    lambda each=replica: each.node not in dead and each.runs(),  # type: ignore[misc]
                    f"{replica.name} elsewhere",
                    _GRACE + 60,
                )
            assert len(taken(started)) == 2

    def test_nothing_is_done_when_all_go_silent(self, bed: Bed, tmp_path: Path) -> None:
        with mortal.machines(bed, 2), both(bed, tmp_path) as started:
            with mortal.silence(bed):
                waiting.until(lambda: any("may be" in line for line in _lines(started)), "the reason", 90)
                time.sleep(40)
                assert out_of_service(bed) == []
            waiting.until(lambda: _all_ready(bed), "all nodes being back", 90)
            time.sleep(15)
            assert taken(started) == []

    def test_a_node_that_comes_back_before_it_is_judged(self, bed: Bed, tmp_path: Path) -> None:
        with (
            mortal.machines(bed, 2) as machines,
            both(bed, tmp_path, SILENT_FOR="75") as started,
            replicas(bed, _NAMESPACE, machines, "back") as (replica,),
        ):
            machine = under(replica, machines)
            uid = (replica.pod or {})["metadata"]["uid"]
            machine.stop()
            waiting.until(lambda: not _ready(bed, machine), "the node being Unknown", _GRACE + 20)
            machine.start()
            waiting.until(lambda: _ready(bed, machine), "the node being back", 60)
            time.sleep(15)
            assert taken(started) == []
            assert (replica.pod or {})["metadata"]["uid"] == uid

    def test_a_database_of_a_deployment_never_has_two_pods(self, bed: Bed, tmp_path: Path) -> None:
        """The real scheduler holds the next pod back until the first is released."""
        api, inside = Api(bed.kubeconfig), f"/api/v1/namespaces/{_NAMESPACE}/pods"
        with mortal.machines(bed, 2) as machines, both(bed, tmp_path, SILENT_FOR="120") as started:
            _deployed(api)
            waiting.until(lambda: len(_of_database(api, ready=True)) == 1, "the database running", 30)
            (first,) = _of_database(api)
            dead = next(each for each in machines if each.node == first["spec"]["nodeName"])
            dead.stop()
            waiting.until(lambda: len(_of_database(api)) == 2, "the next pod", _GRACE + 50)
            assert taken(started) == []
            time.sleep(5)  # for the scheduler, which could place it at once
            second = next(
                each for each in _of_database(api) if each["metadata"]["uid"] != first["metadata"]["uid"]
            )
            assert "nodeName" not in api.get(f"{inside}/{second['metadata']['name']}")["spec"]
            waiting.until(lambda: len(_of_database(api, ready=True)) == 1, "the database elsewhere", 90)
            (found,) = _of_database(api)
            assert found["metadata"]["uid"] == second["metadata"]["uid"]
            assert len(taken(started)) == 1
            api.delete(f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments/postgres")

    def test_the_command_does_the_same_from_outside(self, bed: Bed, stack: Workspace, tmp_path: Path) -> None:
        dry = documented("python -m panda_infra recover-nodes doma --dry-run", {"doma": "local"})
        real = documented("python -m panda_infra recover-nodes doma", {"doma": "local"})
        with mortal.machines(bed, 2) as machines:
            dead, _ = machines
            dead.stop()
            called_unknown(Api(bed.kubeconfig), dead)
            reported = run_in(stack.folder, stack.environment(), *dry.words[3:])
            assert (reported.exit_code, out_of_service(bed)) == (0, []), reported.output
            assert f"node {dead.node} would be taken out of service" in reported.output
            with both(bed, tmp_path):
                busy = run_in(stack.folder, stack.environment(), *real.words[3:])
                assert "is at work: nothing is done here" in busy.output
                waiting.until(lambda: out_of_service(bed) == [dead.node], "the taint", 40)
            dead.start()
            waiting.until(lambda: _ready(bed, dead), "the node being back", 30)
            done = run_in(stack.folder, stack.environment(), *real.words[3:])
            assert f"node {dead.node} given back" in done.output
            assert out_of_service(bed) == []


_LABELS = {"app.kubernetes.io/name": "postgres", "app.kubernetes.io/instance": "panda"}


def _deployed(api: Api) -> None:
    """A Deployment with the placement that the plan gives PanDA's PostgreSQL."""
    config = stack_config(nodeRecovery=_QUICK)
    values = make_plan("local", config).release("panda").values["postgres"]
    pod = {
        "affinity": values["affinity"],
        "tolerations": values["tolerations"],
        "nodeSelector": {mortal.LABEL: "true"},
        "containers": [{"name": "main", "image": "none"}],
    }
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
    }
    path = f"/apis/apps/v1/namespaces/{_NAMESPACE}/deployments"
    api.create(path, {"metadata": {"name": "postgres"}, "spec": spec})


def _of_database(api: Api, *, ready: bool = False) -> list[dict[str, Any]]:
    """The pods of the Deployment; only those that are Ready and do not end, if ``ready``."""
    found = [
        pod
        for pod in api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")
        if _LABELS.items() <= pod["metadata"]["labels"].items()
    ]
    if not ready:
        return found
    return [
        pod
        for pod in found
        if "deletionTimestamp" not in pod["metadata"]
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())
    ]


def _is_ending(replica: Replica) -> bool:
    pod = replica.pod
    return pod is not None and "deletionTimestamp" in pod["metadata"]


def _lines(started: list[Pod]) -> list[str]:
    return [line for pod in started for line in pod.said()]


def _ready(bed: Bed, machine: Machine) -> bool:
    conditions = Api(bed.kubeconfig).get(f"{_NODES}/{machine.node}")["status"]["conditions"]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _all_ready(bed: Bed) -> bool:
    return all(
        any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
        for node in Api(bed.kubeconfig).list(_NODES)
    )
