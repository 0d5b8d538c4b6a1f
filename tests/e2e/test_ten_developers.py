"""Ten developers side by side on one cluster: the mistakes of three of them touch the pods of none of the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import Result

from testbed import leftovers, stacks, waiting
from testbed.api import Api, ApiError, Object
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import fast_yaml, rights
from tests.support.command_line import run_in

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMES = [f"dev{number}" for number in range(10)]
_WRONG_IMAGE, _FULL, _RESTLESS = _NAMES[:3]
_OTHERS = _NAMES[3:]
_PODS = 4
_ROUNDS = 10


@pytest.fixture(scope="module")
def parent(bed: Bed, before: frozenset[str]) -> Workspace:  # noqa: ARG001 - looked at first
    lent = {"quota": {"pods": _PODS, "cpu": "2", "memory": "4Gi"}}
    return stacks.local(bed, bed.state / "stacks" / "lender-of-ten", {"panda-infra:developers": lent})


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def dev(parent: Workspace, *arguments: str) -> Result:
    return run_in(parent.folder, parent.environment(), "dev", *arguments)


def pods(api: Api, name: str) -> list[Object]:
    return api.list(f"/api/v1/namespaces/dev-{name}/pods")


def running(api: Api) -> dict[str, Any]:
    """Uid, restarts and readiness of every pod of those who make no mistake."""
    return {
        pod["metadata"]["uid"]: [
            (status["name"], status["restartCount"], status["ready"])
            for status in pod["status"].get("containerStatuses", ())
        ]
        for name in _OTHERS
        for pod in pods(api, name)
    }


@pytest.fixture(scope="module")
def untouched(parent: Workspace, api: Api) -> dict[str, Any]:
    """The pods of all others, once all ten are there."""
    for name in _NAMES:
        done = dev(parent, "up", name, "--component", "msgsvc")
        assert done.exit_code == 0, done.output
    listed = json.loads(dev(parent, "list", "--json").stdout)
    assert [(each["name"], each["health"]) for each in listed] == [(name, "healthy") for name in _NAMES]
    found = running(api)
    assert len(found) == len(_OTHERS)
    return found


def test_an_image_that_never_gets_ready(parent: Workspace, api: Api, untouched: dict[str, Any]) -> None:
    file = parent.folder / f"Pulumi.dev-{_WRONG_IMAGE}.yaml"
    document = fast_yaml.load(file.read_text())
    never = {"activemq": {"annotations": {"testbed.panda-infra/never-ready": "true"}}, "timeout": 10}
    document["config"]["panda-infra:components"]["msgsvc"] |= never
    file.write_text(fast_yaml.dump(document))
    done = dev(parent, "up", _WRONG_IMAGE, "--image", "msgsvc.activemq=ghcr.io/nobody/none:1")
    assert done.exit_code == 1, done.output
    assert running(api) == untouched
    listed = {each["name"]: each["health"] for each in json.loads(dev(parent, "list", "--json").stdout)}
    assert [name for name, health in listed.items() if health != "healthy"] in ([], [_WRONG_IMAGE])


def test_a_full_quota(bed: Bed, api: Api, untouched: dict[str, Any]) -> None:
    owner = rights.as_user(bed, _FULL)
    body = {
        "metadata": {"generateName": "more-"},
        "spec": {"containers": [{"name": "main", "image": "busybox"}]},
    }
    for _ in range(_PODS - 1):
        owner.create(f"/api/v1/namespaces/dev-{_FULL}/pods", body)
    with pytest.raises(ApiError, match=r"exceeded quota: panda-infra-developer.*pods=4"):
        owner.create(f"/api/v1/namespaces/dev-{_FULL}/pods", body)
    # A quota of one has no effect on the others.
    other = rights.as_user(bed, _OTHERS[0])
    path = f"/api/v1/namespaces/dev-{_OTHERS[0]}/pods"
    made = other.create(path, body)
    other.delete(f"{path}/{made['metadata']['name']}")
    waiting.until(lambda: running(api) == untouched, "the extra pod being gone", 20)


def test_restarts_without_end(bed: Bed, api: Api, untouched: dict[str, Any]) -> None:
    owner = rights.as_user(bed, _RESTLESS)
    seen: set[str] = set()
    for _ in range(_ROUNDS):
        for pod in pods(api, _RESTLESS):
            seen.add(pod["metadata"]["uid"])
            owner.delete(f"/api/v1/namespaces/dev-{_RESTLESS}/pods/{pod['metadata']['name']}")
        waiting.until(
            lambda: any(pod["metadata"]["uid"] not in seen for pod in pods(api, _RESTLESS)), "another pod", 20
        )
        assert running(api) == untouched
    assert len(seen) >= _ROUNDS


def test_an_owner_may_nothing_in_the_namespace_of_another(bed: Bed, untouched: dict[str, Any]) -> None:
    assert untouched
    client = rights.client_of(bed)
    actions = list(rights.every_action(client, [f"dev-{_OTHERS[1]}"]))
    assert rights.allowed(client, actions, _OTHERS[0]) == set()


def test_three_go_and_the_others_stay(parent: Workspace, api: Api, untouched: dict[str, Any]) -> None:
    for name in (_WRONG_IMAGE, _FULL, _RESTLESS):
        done = dev(parent, "down", name, "--yes")
        assert done.exit_code == 0, done.output
    assert running(api) == untouched


def test_all_go_and_leave_nothing(parent: Workspace, bed: Bed, before: frozenset[str]) -> None:
    for name in _OTHERS:
        done = dev(parent, "down", name, "--yes")
        assert done.exit_code == 0, done.output
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
