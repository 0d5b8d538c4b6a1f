"""`recover-nodes`: what is printed and written for a cluster in memory."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from panda_infra.cli import recover_nodes as module
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.node_recovery.lease import LEASE
from panda_infra.node_recovery.sight import MARK
from panda_infra.plan.make import make_plan
from panda_infra.stacks.access import Access
from tests.support.command_line import run_in
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack

NODES, BEATS = "/api/v1/nodes", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/panda/leases"
SETTINGS = {"confirm": "none", "silentFor": 10, "apart": 0}


class Clock:
    """A time that passes only while the command sleeps, in which the kubelets of nodes that are ready report."""

    def __init__(self, api: FakeApi) -> None:
        self.now = 1000.0
        self.meanwhile: Callable[[float], object] = lambda _now: None
        self._api = api

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000 + self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile(self.now)
        for each in self._api.within(NODES):
            if each["status"]["conditions"][0]["status"] == "True":
                lease = {"metadata": {"name": each["metadata"]["name"]}, "spec": {"renewTime": str(self.now)}}
                self._api.add(BEATS, lease)


def node(name: str, ready: str = "True", **metadata: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "metadata": {"name": name, "resourceVersion": "1", **metadata},
        "status": {"conditions": conditions},
    }


@pytest.fixture
def api() -> FakeApi:
    found = FakeApi()
    found.add(NODES, node("a"), node("b"), node("c"))
    found.add(BEATS, *({"metadata": {"name": name}} for name in "abc"))
    return found


@pytest.fixture
def command(api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    clock = Clock(api)
    for where in (
        "panda_infra.cli.recover_nodes",
        "panda_infra.node_recovery.controller",
        "panda_infra.node_recovery.lease",
    ):
        monkeypatch.setattr(f"{where}.time", clock)

    def run(*options: str, settings: dict[str, Any] | None = SETTINGS, reachable: bool = True) -> Result:
        sections = {"nodeRecovery": settings} if settings else {}
        config = stack(secrets={"hashKey": "x"}, **sections)
        plan = make_plan("demo", config)
        monkeypatch.setattr(module, "planned", lambda _stack: (plan, config.secrets))
        monkeypatch.setattr(module, "reached", lambda _plan, _secrets: Access(api if reachable else None))
        return run_in(tmp_path, {}, "recover-nodes", "demo", *options)

    run.clock = clock  # type: ignore[attr-defined]
    return run


def test_all_is_well(command: Any, api: FakeApi) -> None:
    done = command()
    assert (done.exit_code, done.output) == (0, "")
    assert api.patched == []


def test_a_dead_node(command: Any, api: FakeApi) -> None:
    api.add(NODES, node("a", "Unknown"))
    dry = command("--dry-run")
    assert dry.output == "node a would be taken out of service\n"
    assert api.patched == []
    assert f"{LEASES}/{LEASE}" not in api.objects
    done = command()
    assert done.output == "node a taken out of service\n"
    assert [path for path, _ in api.patched] == [f"{NODES}/a"]


def test_a_node_that_is_back(command: Any, api: FakeApi) -> None:
    api.add(NODES, node("a", annotations={MARK: "1"}))
    assert command().output == "node a given back\n"


def held(holder: str, renewed: float = 0) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "renewTime": str(renewed), "leaseDurationSeconds": 15}
    return {"metadata": {"name": LEASE, "resourceVersion": "1"}, "spec": spec}


def test_another_process_is_at_work(command: Any, api: FakeApi) -> None:
    api.add(LEASES, held("the-pod"))
    api.add(NODES, node("a", "Unknown"))
    command.clock.meanwhile = lambda now: api.add(LEASES, held("the-pod", now))
    done = command()
    assert done.output == "the-pod is at work: nothing is done here\n"
    assert api.patched == []


@pytest.mark.parametrize("dead", [True, False])
def test_a_process_that_was_killed_holds_nobody_back(command: Any, api: FakeApi, dead: bool) -> None:
    api.add(LEASES, held("killed"))
    api.add(NODES, node("a", "Unknown") if dead else node("a", annotations={MARK: "1"}))
    done = command()
    assert done.output == f"node a {'taken out of service' if dead else 'given back'}\n"


def test_a_process_of_the_same_number_on_a_machine_of_the_same_name_is_another_one(
    command: Any, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in two containers: each has its own process 1, and both may be told the same name."""
    monkeypatch.setattr("os.getpid", lambda: 1)
    holder = f"{platform.node()}-1"
    api.add(LEASES, held(holder))
    api.add(NODES, node("a", "Unknown"))
    command.clock.meanwhile = lambda now: api.add(LEASES, held(holder, now))
    assert command().output == f"{holder} is at work: nothing is done here\n"


def test_an_error_gives_the_lease_up(command: Any, api: FakeApi) -> None:
    api.add(NODES, node("a", "Unknown"))
    command.clock.meanwhile = lambda _now: api.failures.update({NODES: KubernetesError("timeout")})
    assert command().exit_code == 1
    last = api.calls[-1]
    assert (last.method, last.path) == ("PUT", f"{LEASES}/{LEASE}")
    assert last.body
    assert last.body["spec"] == {}


def test_too_many(command: Any, api: FakeApi) -> None:
    api.add(NODES, node("a", "Unknown"), node("b", "Unknown"))
    done = command()
    assert "2 of 3 workers are not ready or silent" in " ".join(done.output.split())
    assert api.patched == []


def test_what_keeps_it_from_working(command: Any, api: FakeApi) -> None:
    assert "has no section `nodeRecovery`" in command(settings=None).output
    assert "has no cluster yet" in command(reachable=False).output
    api.failures[NODES] = KubernetesError("GET /api/v1/nodes: forbidden", status=403)
    done = command()
    assert (done.exit_code, "forbidden" in done.output) == (1, True)
