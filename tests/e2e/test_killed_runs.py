"""A killed run converges: the first run after it ends what it began, whatever Helm's records and the state contain.

With the real engine, whose process group is killed at steps of its own count. Each test begins where the one before it
ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from testbed import leftovers, stacks, waiting
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.documented import documented
from tests.support.forwarder import Forwarder
from tests.support.killing import kill, left_running, steps
from tests.support.panda import COMPONENTS
from tests.support.stopped_api_server import api_server_stopped

pytestmark = pytest.mark.e2e

_NAMESPACE = "killed"
_NAMESPACES = "kubernetes:core/v1:Namespace"
_POINTS = 20
_STACK = {"doma": "local"}
_SLOW = {"testbed.panda-infra/ready-after": "3s"}
_FEW = ("msgsvc", "iam")
_EXPOSED = ("panda", "bigmon", "idds", "iam", "ui")


def components(*, of: tuple[str, ...], changed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Some components, whose pods get ready late enough to be killed before; others of them with other pods."""
    found: dict[str, Any] = {
        name: {
            sub.name: {"annotations": _SLOW | ({"changed": "yes"} if name in changed else {})}
            for sub in COMPONENTS[name].sub_components
        }
        for name in of
    }
    # One database of IAM is enough: its own, or the component's.
    found["iam"]["mariadb"] |= {"enabled": "iam-db" not in of}
    return found


class Killed:
    """A stack whose runs are killed, and what must hold after the next one."""

    def __init__(self, bed: Bed, stack: Workspace) -> None:
        self.bed, self.stack = bed, stack
        self.api = Api(bed.kubeconfig)
        self.before = leftovers.of_cluster(bed)

    def inside(self, kind: str) -> list[Object]:
        return self.api.list(f"/api/v1/namespaces/{_NAMESPACE}/{kind}")

    def records(self) -> dict[str, list[str]]:
        """The statuses of each release's records."""
        found: dict[str, list[str]] = {}
        for secret in self.inside("secrets"):
            labels = secret["metadata"].get("labels") or {}
            if labels.get("owner") == "helm":
                found.setdefault(labels["name"], []).append(labels["status"])
        return found

    def is_pending(self, release: str) -> Callable[[], bool]:
        return lambda: any(status.startswith("pending") for status in self.records().get(release, ()))

    def pods(self) -> dict[str, str]:
        """The release of each pod, by the pod's id."""
        return {
            pod["metadata"]["uid"]: pod["metadata"]["labels"]["app.kubernetes.io/instance"]
            for pod in self.inside("pods")
            if not any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ()))
        }

    def secrets(self) -> dict[str, Any]:
        """The content of each Secret of the stack."""
        return {
            secret["metadata"]["name"]: secret.get("data")
            for secret in self.inside("secrets")
            if secret["metadata"]["name"].startswith("panda-secrets")
        }

    def configure(self, wanted: dict[str, Any]) -> None:
        hosts = {name: f"{name}.localhost" for name in _EXPOSED if name in wanted}
        self.stack.configure({"panda-infra:components": wanted, "panda-infra:hosts": hosts})

    def deploy(self, wanted: dict[str, Any]) -> None:
        self.configure(wanted)
        up = self.stack.up()
        assert up.code == 0, up.text

    def unlock(self) -> None:
        """As the page on the state has it, once nothing of the killed run lives any more."""
        waiting.until(lambda: not left_running(self.stack), "the processes of the killed engine ending", 15)
        cancel = documented("pulumi cancel --stack doma", _STACK)
        assert self.stack.pulumi(*cancel.arguments, "--yes").code == 0

    def converges(self) -> None:
        """The first run after a kill."""
        self.unlock()
        up = self.stack.up()
        assert up.code == 0, up.text
        self.is_whole()

    def is_whole(self) -> None:
        clear = documented("pulumi refresh --clear-pending-creates --stack doma", _STACK)
        cleared = self.stack.pulumi(*clear.arguments, "--yes", "--skip-preview")
        assert cleared.code == 0, cleared.text
        again = self.stack.up("--expect-no-changes")
        assert again.code == 0, again.text
        assert "pending operations" not in again.text
        statuses = self.records()
        assert {name: found.count("deployed") for name, found in statuses.items()} == dict.fromkeys(
            statuses, 1
        )
        assert not any(status.startswith("pending") for found in statuses.values() for status in found)

    def is_gone(self) -> None:
        """What a destroy leaves after a kill: nothing."""
        self.unlock()
        destroy = self.stack.destroy()
        assert destroy.code == 0, destroy.text
        assert json.loads(self.stack.exported_state())["deployment"].get("resources", []) == []
        assert leftovers.remaining(lambda: leftovers.of_cluster(self.bed), self.before) == ()


@pytest.fixture(scope="module")
def line(bed: Bed) -> Iterator[Forwarder]:
    """The way to the API server, which can be cut."""
    forwarder = Forwarder(bed.kubeconfig, bed.state)
    yield forwarder
    forwarder.cut()


@pytest.fixture(scope="module")
def run(bed: Bed, line: Forwarder) -> Iterator[Killed]:
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:cluster": {"kind": "existing", "kubeconfig": str(line.kubeconfig)},
            "panda-infra:storage": {"class": "standard"},
        },
    )
    yield Killed(bed, workspace)
    workspace.destroy()


def test_a_killed_up_converges(run: Killed) -> None:
    run.configure(components(of=_FEW))
    kill(run.stack, "up", until=run.is_pending("iam"))
    run.unlock()
    shown = run.stack.preview()
    assert shown.code == 0, shown.text
    assert "(pending-install since" in shown.text
    assert "takes it over and upgrades it" in shown.text
    reported = documented("pulumi up --stack doma", _STACK)
    up = run.stack.pulumi(*reported.arguments, "--yes", "--skip-preview")
    assert up.code == 0, up.text
    run.is_whole()


def test_a_state_in_files_has_nothing_beside_it_that_a_kill_could_break(run: Killed) -> None:
    state = run.stack.folder / "state"
    address = documented(
        'export PULUMI_BACKEND_URL="file://$HOME/panda-infra-state?metadata=skip"',
        {"$HOME/panda-infra-state": str(state)},
    )
    script = f"{address.text} && pulumi stack ls"
    shown = subprocess.run(
        ["bash", "-c", script],
        cwd=run.stack.folder,
        env=run.stack.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "local" in shown.stdout
    assert list(state.rglob("*.attrs")) == []


@pytest.mark.long
def test_a_killed_change_converges_and_restarts_nothing_else(run: Killed) -> None:
    run.deploy(components(of=_FEW))
    before = {pod: release for pod, release in run.pods().items() if release == "iam"}
    run.configure(components(of=_FEW, changed=("msgsvc",)))
    kill(run.stack, "up", until=run.is_pending("panda-msgsvc"))
    run.converges()
    assert before.items() <= run.pods().items()


def test_a_killed_destroy_converges_without_a_refresh(run: Killed) -> None:
    run.deploy(components(of=_FEW))
    kill(
        run.stack,
        "destroy",
        after=1,
        until=lambda: any("uninstalling" in found for found in run.records().values()),
    )
    run.is_gone()


@pytest.mark.long
def test_what_the_state_does_not_know_is_taken_up(run: Killed) -> None:
    """The state was written for the last time when there was the namespace alone, and a password has changed since."""
    run.configure(components(of=_FEW))
    kill(run.stack, "up", until=run.is_pending("panda-msgsvc"))
    run.unlock()
    state = json.loads(run.stack.exported_state())
    state["deployment"] |= {
        "resources": _before_objects(state["deployment"]["resources"]),
        "pending_operations": [],
    }
    imported = run.stack.pulumi("stack", "import", "--stack", "local", "--force", stdin=json.dumps(state))
    assert imported.code == 0, imported.text
    secrets = run.stack.encrypted["panda-infra:secrets"]
    changed = {**secrets, "msgsvc": {**secrets["msgsvc"], "basePassword": "another-password-of-the-broker"}}
    run.stack.encrypt("panda-infra:secrets", changed)
    before = run.secrets()
    run.converges()
    assert run.secrets().keys() >= before.keys()
    assert run.secrets()["panda-secrets-msgsvc-envs"] != before["panda-secrets-msgsvc-envs"]
    run.stack.encrypt("panda-infra:secrets", secrets)
    run.converges()


def _before_objects(resources: list[Object]) -> list[Object]:
    """What the state knew before any object was made in the namespace: neither those nor what was made after one."""
    known: list[Object] = []
    urns: set[str] = set()
    for one in resources:
        of_cluster = one["type"].startswith("kubernetes:") and one["type"] != _NAMESPACES
        if not of_cluster and urns.issuperset(one.get("dependencies", ())):
            known.append(one)
            urns.add(one["urn"])
    return known


def _kill_official(engine: subprocess.Popen[str]) -> None:
    """The official plugin dies alone, in the middle of its work."""
    children = subprocess.run(
        ["pgrep", "-f", "pulumi-resource-kubernetes"], capture_output=True, text=True, check=True
    )
    for process in map(int, children.stdout.split()):
        if os.getsid(process) == os.getsid(engine.pid):
            os.kill(process, signal.SIGKILL)


@pytest.mark.long
def test_a_plugin_that_dies_alone_fails_the_run_and_the_next_converges(run: Killed) -> None:
    run.configure(components(of=_FEW, changed=("msgsvc",)))
    kill(run.stack, "up", until=run.is_pending("panda-msgsvc"), how=_kill_official)
    run.converges()


@pytest.mark.long
def test_a_network_that_is_cut_fails_the_run_and_the_next_converges(run: Killed, line: Forwarder) -> None:
    run.configure(components(of=_FEW))
    kill(run.stack, "up", until=run.is_pending("panda-msgsvc"), how=lambda _: line.cut())
    line.mend()
    run.converges()


@pytest.mark.long
def test_an_api_server_that_restarts_in_the_middle_is_waited_for_or_the_next_converges(run: Killed) -> None:
    run.configure(components(of=_FEW, changed=("msgsvc",)))
    before = {pod: release for pod, release in run.pods().items() if release != "panda-msgsvc"}
    with ThreadPoolExecutor() as beside:
        up = beside.submit(run.stack.up)
        waiting.until(lambda: up.done() or run.is_pending("panda-msgsvc")(), "the change", 120)
        assert not up.done(), up.result().text
        with api_server_stopped(run.bed.state):
            pass
        first = up.result()
    assert "Traceback" not in first.text
    run.converges()
    assert before.items() <= run.pods().items()


@pytest.mark.long
@pytest.mark.parametrize("point", range(_POINTS))
def test_an_up_converges_wherever_it_was_killed(run: Killed, point: int, all_steps: dict[str, int]) -> None:
    run.stack.destroy()
    run.configure(components(of=tuple(COMPONENTS)))
    kill(run.stack, "up", after=_step(all_steps["up"], point))
    run.converges()


@pytest.mark.long
@pytest.mark.parametrize("point", range(_POINTS))
def test_a_change_converges_wherever_it_was_killed(
    run: Killed, point: int, all_steps: dict[str, int]
) -> None:
    changed = ("msgsvc", "panda", "bigmon")
    run.deploy(components(of=tuple(COMPONENTS)))
    names = {f"panda-{name}" if name != "panda" else name for name in changed}
    before = {pod: release for pod, release in run.pods().items() if release not in names}
    run.configure(components(of=tuple(COMPONENTS), changed=changed))
    kill(run.stack, "up", after=_step(all_steps["change"], point))
    run.converges()
    assert before.items() <= run.pods().items()


@pytest.mark.long
@pytest.mark.parametrize("point", range(_POINTS))
def test_a_destroy_converges_wherever_it_was_killed(
    run: Killed, point: int, all_steps: dict[str, int]
) -> None:
    run.deploy(components(of=tuple(COMPONENTS)))
    kill(run.stack, "destroy", after=_step(all_steps["destroy"], point))
    run.is_gone()


@pytest.fixture(scope="module")
def all_steps(run: Killed) -> dict[str, int]:
    """How many steps each run of the whole stack has."""
    run.stack.destroy()
    run.configure(components(of=tuple(COMPONENTS)))
    up = steps(run.stack, "up")
    run.configure(components(of=tuple(COMPONENTS), changed=("msgsvc", "panda", "bigmon")))
    change = steps(run.stack, "up")
    return {"up": up, "change": change, "destroy": steps(run.stack, "destroy")}


def _step(whole: int, point: int) -> int:
    """The steps are spread over the run; the last one would come too late."""
    return 1 + point * (whole - 3) // (_POINTS - 1)
