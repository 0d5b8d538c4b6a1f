"""The Lease shows who works on a stack, and when a run that is dead now has written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubeconfigError, KubernetesError
from panda_infra.errors import PandaInfraError
from panda_infra.guard import lease as module
from panda_infra.guard.lease import Lease, Window
from testbed.waiting import eventually
from tests.support.kubernetes import FakeApi

NAME = "panda-infra-local"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/panda/leases"
LEASE = f"{LEASES}/{NAME}"
LONG_AGO = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def held(process: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": NAME, "resourceVersion": "1", "annotations": {"panda-infra/process": process}},
        "spec": {"holderIdentity": "anna@laptop", "acquireTime": LONG_AGO, "renewTime": LONG_AGO} | spec,
    }


def test_it_is_held_while_there_is_work_and_lists_what_was_made(api: FakeApi) -> None:
    lease = Lease(api, "panda", "local")
    lease.begin("panda-msgsvc")
    lease.begin("iam")
    assert api.objects[LEASE]["spec"]["holderIdentity"]
    assert api.objects[LEASE]["metadata"]["annotations"]["panda-infra/releases"] == "iam,panda-msgsvc"
    lease.end("iam", finished=True)
    assert api.objects[LEASE]["spec"]["holderIdentity"]
    lease.end("panda-msgsvc", finished=True, gone=True)
    assert api.objects[LEASE]["spec"]["holderIdentity"] == ""
    assert api.objects[LEASE]["metadata"]["annotations"]["panda-infra/releases"] == "iam"
    assert lease.former is None


def test_unfinished_work_keeps_its_holder(api: FakeApi) -> None:
    lease = Lease(api, "panda", "local")
    lease.begin("iam")
    lease.end("iam", finished=False)
    assert api.objects[LEASE]["spec"]["holderIdentity"]


def test_a_process_that_lives_is_not_disturbed(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.0)
    api.objects[LEASE] = held(module._process(os.getppid()))
    with pytest.raises(PandaInfraError, match=r"anna@laptop works on stack local since 2026-01-01"):
        Lease(api, "panda", "local").begin("iam")
    assert api.objects[LEASE]["spec"]["holderIdentity"] == "anna@laptop"


def test_a_process_that_is_about_to_end_is_waited_for(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.0)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as ending:
        api.objects[LEASE] = held(module._process(ending.pid))
        original = api.call

        def call(method: str, path: str, **more: Any) -> Any:
            if method == "GET" and ending.poll() is None and looks.pop():
                ending.communicate()
            return original(method, path, **more)

        looks = [True, False, False]
        api.call = call  # type: ignore[method-assign]
        lease = Lease(api, "panda", "local")
        lease.begin("iam")
    assert lease.former
    lease.end("iam", finished=True)


def test_a_process_of_the_same_number_is_another_one(api: FakeApi) -> None:
    api.objects[LEASE] = held(module._process(os.getppid()) + "0")
    lease = Lease(api, "panda", "local")
    lease.begin("iam")
    assert lease.former is not None
    assert lease.former.covers(datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC))
    assert not lease.former.covers(datetime(2026, 1, 1, 0, 1, tzinfo=UTC))
    # Should this run be killed too, the next one still knows since when.
    assert api.objects[LEASE]["spec"]["acquireTime"] == LONG_AGO
    lease.end("iam", finished=True)


def test_another_machine_s_process_is_dead_without_a_heartbeat(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.0)
    api.objects[LEASE] = held("another-boot/1/1")
    lease = Lease(api, "panda", "local")
    lease.begin("iam")
    assert lease.former
    lease.end("iam", finished=True)


def test_another_machine_s_process_lives_with_a_heartbeat(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOOK", 0.0)
    api.objects[LEASE] = held("another-boot/1/1")
    original = api.call
    looks = 0

    def call(method: str, path: str, **more: Any) -> Any:
        nonlocal looks
        looks += method == "GET"
        if looks == 3:
            api.objects[LEASE] = held("another-boot/1/1", renewTime="2026-01-01T00:00:05.000000Z")
        return original(method, path, **more)

    api.call = call  # type: ignore[method-assign]
    with pytest.raises(PandaInfraError, match="wait until that run has ended"):
        Lease(api, "panda", "local").begin("iam")


def test_times_are_those_of_the_api_server(api: FakeApi) -> None:
    """Whose clock is two minutes ahead of this machine's: else a killed run's records would seem to be of others."""
    ahead = timedelta(minutes=2)
    original = api.call

    def call(method: str, path: str, **more: Any) -> Any:
        answer = original(method, path, **more)
        if answer and method in ("POST", "PATCH"):
            time = (datetime.now(UTC) + ahead).replace(microsecond=0).isoformat()
            answer["metadata"]["managedFields"] = [{"time": time}]
        return answer

    api.call = call  # type: ignore[method-assign]
    lease = Lease(api, "panda", "local")
    lease.begin("iam")
    for key in ("acquireTime", "renewTime"):
        written = datetime.fromisoformat(api.objects[LEASE]["spec"][key])
        assert abs(written - datetime.now(UTC) - ahead) < timedelta(seconds=5)
    assert abs(lease.now() - datetime.now(UTC) - ahead) < timedelta(seconds=5)
    lease.end("iam", finished=True)


def test_a_window_is_exact_to_the_second() -> None:
    since = datetime(2026, 1, 1, 0, 0, 0, 900_000, tzinfo=UTC)
    window = Window(since, since + timedelta(seconds=20))
    assert window.covers(datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC))
    assert not window.covers(since - timedelta(seconds=2))


@pytest.mark.parametrize(
    ("stack", "name"), [("My_Stack", "panda-infra-my-stack"), ("a.b-", "panda-infra-a.b")]
)
def test_the_name_is_one_that_kubernetes_takes(api: FakeApi, stack: str, name: str) -> None:
    lease = Lease(api, "panda", stack)
    lease.begin("iam")
    lease.end("iam", finished=True)
    assert [one["metadata"]["name"] for one in api.within(LEASES)] == [name]


class VersionedApi(FakeApi):
    """Refuses a write that names another version than the present one, as an API server does.

    ``meanwhile`` is done once, before the next request by that method. The answer to a request by the method ``lost``
    is lost once; the client then sends it again.
    """

    meanwhile: tuple[str, Callable[[], object]] | None = None
    lost = ""

    def call(self, method: str, path: str, *, body: Any = None, **more: Any) -> Any:
        """Send one request."""
        if self.meanwhile and self.meanwhile[0] == method:
            done, self.meanwhile = self.meanwhile[1], None
            done()
        found = self.objects.get(path)
        wanted = ((body or {}).get("metadata") or {}).get("resourceVersion")
        if method == "PATCH" and found and wanted not in (None, found["metadata"]["resourceVersion"]):
            raise KubernetesError("the object has been modified", status=409)
        name = ((body or {}).get("metadata") or {}).get("name")
        if method == "POST" and f"{path}/{name}" in self.objects:
            raise KubernetesError("already exists", status=409)
        answer = super().call(method, path, body=body, **more)
        if method == self.lost:
            self.lost = ""
            return self.call(method, path, body=body, **more)
        return answer


@pytest.fixture
def versioned(monkeypatch: pytest.MonkeyPatch) -> VersionedApi:
    monkeypatch.setattr(module, "_LOOK", 0.0)
    monkeypatch.setattr(module, "_HEARTBEAT", 0.01)
    return VersionedApi()


def taken_over(api: FakeApi) -> None:
    """As by a run on another machine, which has seen no heartbeat of this process while it was stopped."""
    lease = held("another-boot/1/1", renewTime="2026-01-01T00:00:05.000000Z")
    version = str(int(api.objects[LEASE]["metadata"]["resourceVersion"]) + 1)
    lease["metadata"]["resourceVersion"] = version
    api.objects[LEASE] = lease


def test_who_was_stopped_writes_nothing_into_the_lease_of_the_next(versioned: VersionedApi) -> None:
    """Otherwise its heartbeat would keep a dead run alive, and its end would free the Lease for a third one."""
    lease = Lease(versioned, "panda", "local")
    lease.begin("iam")
    versioned.meanwhile = "PATCH", lambda: taken_over(versioned)
    assert eventually(lambda: versioned.objects[LEASE]["spec"]["holderIdentity"] == "anna@laptop")
    assert eventually(lambda: lease._lost)
    assert versioned.objects[LEASE]["spec"]["renewTime"] == "2026-01-01T00:00:05.000000Z"
    with pytest.raises(PandaInfraError, match="another run has taken over the work on stack local"):
        lease.begin("panda-msgsvc")
    lease.end("iam", finished=True)
    assert versioned.objects[LEASE]["spec"]["holderIdentity"] == "anna@laptop"


def test_the_end_of_one_that_was_stopped_leaves_the_next_alone(
    versioned: VersionedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HEARTBEAT", 1000.0)
    lease = Lease(versioned, "panda", "local")
    lease.begin("iam")
    taken_over(versioned)
    lease.end("iam", finished=True)
    assert versioned.objects[LEASE]["spec"]["holderIdentity"] == "anna@laptop"


def test_a_heartbeat_and_a_note_at_once_lose_nothing(versioned: VersionedApi) -> None:
    lease = Lease(versioned, "panda", "local")
    lease.begin("iam")
    for number in range(20):
        lease.begin(f"release-{number}")
        lease.end(f"release-{number}", finished=True)
    assert len(versioned.objects[LEASE]["metadata"]["annotations"]["panda-infra/releases"].split(",")) == 21
    lease.end("iam", finished=True)
    assert versioned.objects[LEASE]["spec"]["holderIdentity"] == ""


@pytest.mark.parametrize("there", [True, False])
def test_a_lease_that_is_taken_though_the_answer_is_lost(versioned: VersionedApi, there: bool) -> None:
    """The client sends such a request again, and the API server refuses that: the first one has changed the version."""
    if there:
        versioned.objects[LEASE] = held("", holderIdentity="")
    versioned.lost = "PATCH" if there else "POST"
    lease = Lease(versioned, "panda", "local")
    lease.begin("iam")
    lease.end("iam", finished=True)
    assert lease.former is None


def test_a_heartbeat_that_comes_after_the_end_holds_the_next_work_up_for_nothing(
    versioned: VersionedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HEARTBEAT", 1000.0)
    lease = Lease(versioned, "panda", "local")
    lease.begin("iam")
    lease.end("iam", finished=True)

    def late() -> None:
        lease._write_held({"spec": {"renewTime": LONG_AGO}})

    versioned.meanwhile = "PATCH", late
    lease.begin("iam")
    assert versioned.objects[LEASE]["spec"]["holderIdentity"]
    lease.end("iam", finished=True)
    assert versioned.objects[LEASE]["spec"]["holderIdentity"] == ""


def test_a_lease_that_another_run_takes_in_the_same_moment(versioned: VersionedApi) -> None:
    versioned.objects[LEASE] = held("", holderIdentity="")
    versioned.meanwhile = "PATCH", lambda: taken_over(versioned)
    with pytest.raises(PandaInfraError, match="another run began to work on stack local in the same moment"):
        Lease(versioned, "panda", "local").begin("iam")


def test_a_heartbeat_outlives_a_credential_that_cannot_be_had_for_a_moment(versioned: VersionedApi) -> None:
    lease = Lease(versioned, "panda", "local")
    lease.begin("iam")

    def fail() -> None:
        raise KubeconfigError("the plugin for the credential fails", "Try again.")

    versioned.meanwhile = "PATCH", fail
    assert eventually(lambda: versioned.meanwhile is None)
    before = versioned.objects[LEASE]["spec"]["renewTime"]
    assert eventually(lambda: versioned.objects[LEASE]["spec"]["renewTime"] != before)
    lease.end("iam", finished=True)
