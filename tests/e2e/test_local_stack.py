"""The local stack with the real engine on the real API: up, up again with no change, destroy with nothing left.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import Result

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.plan.order import prerequisites
from panda_infra.products.names import Names
from testbed import charts, leftovers, references, stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import canaries, fast_yaml
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.pages import Command
from tests.support.panda import COMPONENTS

pytestmark = pytest.mark.e2e

_NAMESPACE = "life"
_TOGETHER = ("harvester", "idds", "bigmon", "ui")
_READY_AFTER = {"annotations": {"testbed.panda-infra/ready-after": "2s"}}
# Long enough for each of those that go side by side to be seen before the first of them is ready, on a busy machine.
_READY_LATE = {"annotations": {"testbed.panda-infra/ready-after": "10s"}}

_BIGGER = {"main": {"resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}} | _READY_LATE}


def components(**changes: Any) -> dict[str, Any]:
    """Every component, each pod ready after a delay."""
    described: dict[str, Any] = {
        name: {
            sub.name: dict(_READY_LATE if name in _TOGETHER else _READY_AFTER) for sub in spec.sub_components
        }
        for name, spec in COMPONENTS.items()
    }
    # The iam chart's own database stays off: iam-db is deployed.
    described["iam"]["mariadb"] = {"enabled": False}
    return described | changes


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str]) -> Iterator[Workspace]:  # noqa: ARG001 - looked at first
    sections = {
        "panda-infra:namespace": _NAMESPACE,
        "panda-infra:components": components(),
        # Without a shared claim the StatefulSets make claims of their own, which Helm leaves behind.
        "panda-infra:storage": {"class": "standard"},
        "panda-infra:placement": {"evictAfter": 45},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, sections)
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@dataclass
class Observed:
    """When each component was first seen to have a pod, and first seen with all of them Ready; seconds of a clock."""

    started: dict[str, float] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)

    def watch(self, api: Api, ended: threading.Event) -> None:
        """Look until the end. A pod's own timestamps are of its last change of state, not its first."""
        by_release = {Names().release(component): component for component in COMPONENTS}
        while not ended.wait(0.1):
            now = time.monotonic()
            waiting_for: set[str] = set()
            seen: set[str] = set()
            for pod in pods(api):
                if any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ())):
                    continue  # a CronJob makes these for ever
                component = by_release[pod["metadata"]["labels"]["app.kubernetes.io/instance"]]
                seen.add(component)
                if not is_ready(pod):
                    waiting_for.add(component)
            for component in seen:
                self.started.setdefault(component, now)
            for component in seen - waiting_for:
                self.ready.setdefault(component, now)


@pytest.fixture(scope="module")
def observed() -> Observed:
    return Observed()


def summary(text: str) -> dict[str, int]:
    """The change summary at the end of ``--json`` output of a preview."""
    counts: dict[str, int] = json.loads(text)["changeSummary"]
    return counts


def pods(api: Api) -> list[Object]:
    return api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def records(api: Api) -> list[dict[str, str]]:
    """The labels of Helm's own records: name, version and status of each revision."""
    found = api.list(f"/api/v1/namespaces/{_NAMESPACE}/secrets?labelSelector=owner%3Dhelm")
    return [secret["metadata"]["labels"] for secret in found]


def revisions(api: Api) -> dict[str, int]:
    """The newest revision of each Helm release."""
    found: dict[str, int] = {}
    for record in records(api):
        found[record["name"]] = max(found.get(record["name"], 0), int(record["version"]))
    return found


def claims(api: Api) -> list[str]:
    found = api.list(f"/api/v1/namespaces/{_NAMESPACE}/persistentvolumeclaims")
    return [claim["metadata"]["name"] for claim in found]


def test_preview_on_an_empty_cluster_shows_everything_and_touches_nothing(stack: Workspace, api: Api) -> None:
    result = stack.preview("--json")
    assert result.code == 0, result.text
    steps = json.loads(result.stdout)["steps"]
    releases = [s for s in steps if s["newState"]["type"] == "kubernetes:helm.sh/v3:Release"]
    assert len(releases) == len(COMPONENTS)
    assert set(summary(result.stdout)) == {"create"}
    assert _NAMESPACE not in {n["metadata"]["name"] for n in api.list("/api/v1/namespaces")}


def test_up_deploys_every_component(stack: Workspace, api: Api, bed: Bed, observed: Observed) -> None:
    ended = threading.Event()
    with ThreadPoolExecutor() as pool:
        watching = pool.submit(observed.watch, api, ended)
        try:
            result = stack.up()
        finally:
            ended.set()
        watching.result()
    assert result.code == 0, result.text
    deployed = {record["name"] for record in records(api) if record["status"] == "deployed"}
    assert deployed == {Names().release(component) for component in COMPONENTS}
    assert "PATH" not in result.text
    assert "warning:" not in result.text
    for pod in pods(api):
        assert is_ready(pod), pod["metadata"]["name"]
    assert references.check(bed, _NAMESPACE) == []


def test_the_mcp_server_gets_the_addresses_of_the_panda_server(api: Api) -> None:
    content = api.get(f"/api/v1/namespaces/{_NAMESPACE}/secrets/panda-secrets-mcp-envs")["data"]
    assert b64decode(content["PANDA_API_URL_SSL"]) == b"https://panda-server:443/api/v1"
    assert content.keys() == {"PANDA_API_URL", "PANDA_API_URL_SSL", "PANDA_SERVER_CONF_PORT_MCP"}


def test_pods_of_every_component_leave_lost_nodes_when_the_stack_says(api: Api) -> None:
    """The API server gives 300 s to pods without a toleration: databases that two pods would spoil."""
    releases = {Names().release(component): component for component in COMPONENTS}
    stay: dict[str, set[tuple[int, ...]]] = {}
    for pod in pods(api):
        labels = pod["metadata"]["labels"]
        if release := labels.get("app.kubernetes.io/instance"):
            reported = tuple(
                each["tolerationSeconds"]
                for condition in ("not-ready", "unreachable")
                for each in pod["spec"]["tolerations"]
                if each["key"] == f"node.kubernetes.io/{condition}"
            )
            stay.setdefault(releases[release], set()).add(reported)
            is_database = labels["app.kubernetes.io/name"] == "postgres"
            assert reported == ((300, 300) if is_database else (45, 45)), pod["metadata"]["name"]
    assert {component for component, reported in stay.items() if (45, 45) in reported} == set(COMPONENTS)


def test_pods_got_ready_in_the_declared_order(observed: Observed) -> None:
    started, ready = observed.started, observed.ready
    assert set(started) == set(ready) == set(COMPONENTS)
    for component in COMPONENTS:
        for before in prerequisites(COMPONENTS, component, COMPONENTS):
            assert ready[before] <= started[component], f"{component} did not wait for {before}"
    # Independent components went side by side: none waited for the others to be ready.
    assert max(started[c] for c in _TOGETHER) < min(ready[c] for c in _TOGETHER)


def test_up_again_changes_nothing(stack: Workspace, api: Api) -> None:
    before = revisions(api)
    result = stack.up("--expect-no-changes")
    assert result.code == 0, result.text
    assert revisions(api) == before


def test_verify_judges_what_it_can_of_simulated_pods(stack: Workspace) -> None:
    found, written = verified(stack, documented("python -m panda_infra verify local --junit verify.xml"))
    assert found.exit_code == INCOMPLETE, found.output
    assert "wrote verify.xml" in found.stderr
    as_json = documented("python -m panda_infra verify doma --json", {"doma": "local"})
    report = json.loads(verified(stack, as_json)[0].stdout)
    results = {each["name"]: each["result"] for each in report["checks"]}
    # Credentials are in the API; everything else would need something that runs.
    credentials = {name for name in results if name.endswith(".credentials")}
    assert "panda.credentials" in {name for name, result in results.items() if result == "ok"} <= credentials
    assert {results[name] for name in results.keys() - credentials} == {"skipped"}
    details = {each["name"]: each["detail"] for each in report["checks"]}
    assert details["panda.alive"] == "panda/server is simulated: nothing runs in its pods"
    assert {each["id"]: each["result"] for each in report["requirements"]}["PANDA-API"] == "not verified"
    (suite,) = ElementTree.fromstring(written)
    assert suite.attrib["tests"] == str(len(results))


def test_verify_asks_a_part_on_demand(stack: Workspace) -> None:
    for command in (
        documented("python -m panda_infra verify doma", {"doma": "local"}),
        documented(
            "python -m panda_infra verify doma --only panda --only msgsvc.round-trip", {"doma": "local"}
        ),
    ):
        found, _ = verified(stack, command)
        assert found.exit_code == INCOMPLETE, found.output
        assert ("idds.alive" in found.stdout) is ("--only" not in command.words), command
        assert "PANDA-MESSAGES" in found.stdout


def verified(stack: Workspace, command: Command) -> tuple[Result, str]:
    """A command that verifies, with the file that it writes; nothing of it has a secret."""
    found = run_in(stack.folder, stack.environment(), *command.words[3:])
    file = stack.folder / "verify.xml"
    written = file.read_text() if file.exists() else ""
    secrets = canaries.values(stack.encrypted["panda-infra:secrets"])
    assert canaries.found_in(found.output + written, secrets) == []
    return found, written


def test_debug_messages_are_shown_on_demand_without_a_secret(stack: Workspace) -> None:
    command = documented("pulumi preview --stack local --debug")
    shown = subprocess.run(
        ["bash", "-c", command.text],
        cwd=stack.folder,
        env=stack.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "registering resource: ty=kubernetes:helm.sh/v3:Release" in shown.stdout
    secrets = canaries.values(stack.encrypted["panda-infra:secrets"])
    assert canaries.found_in(shown.stdout + shown.stderr, secrets) == []


def touched(stack: Workspace, api: Api) -> set[str]:
    """The releases that an ``up`` gives another revision."""
    before = revisions(api)
    result = stack.up()
    assert result.code == 0, result.text
    return {name for name, revision in revisions(api).items() if revision != before[name]}


def test_one_changed_value_touches_one_release(stack: Workspace, api: Api) -> None:
    stack.configure({"panda-infra:components": components(bigmon=_BIGGER)})
    assert touched(stack, api) == {"panda-bigmon"}


def test_an_overwritten_version_is_deployed_by_its_digest(
    stack: Workspace, api: Api, bed: Bed, tmp_path: Path
) -> None:
    original = charts.FIXTURES / "ui"
    changed = tmp_path / "ui"
    shutil.copytree(original, changed)
    note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new-in-this-chart"}}
    (changed / "templates" / "note.yaml").write_text(fast_yaml.dump(note))
    try:
        (published,) = charts.push(bed, [changed])
        ui = components()["ui"] | {"chart": published.pin}
        stack.configure({"panda-infra:components": components(bigmon=_BIGGER, ui=ui)})
        assert touched(stack, api) == {"panda-ui"}
        assert api.get(f"/api/v1/namespaces/{_NAMESPACE}/configmaps/new-in-this-chart")
    finally:
        charts.push(bed, [original])


def test_destroy_leaves_nothing(stack: Workspace, api: Api, bed: Bed, before: frozenset[str]) -> None:
    # As Kubernetes names what a StatefulSet makes: by template, set and ordinal.
    assert [name for name in claims(api) if name.endswith("-panda-server-0")]
    result = stack.destroy()
    assert result.code == 0, result.text
    assert _NAMESPACE not in {n["metadata"]["name"] for n in api.list("/api/v1/namespaces")}
    assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []
    # Every object of a namespace goes with it; volumes and roles belong to none.
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


@pytest.mark.long
def test_claims_of_a_class_that_waits_for_pods(bed: Bed) -> None:
    """Where a release that awaits its claims would wait for ever: the shared one (T20), and one of IAM (T21)."""
    before = leftovers.of_cluster(bed)
    sections = {
        "panda-infra:namespace": "waiting",
        "panda-infra:storage": {"class": "local-wait", "sharedLogs": {"size": "1Gi"}},
    }
    workspace = stacks.local(bed, bed.state / "stacks" / "waiting", sections)
    up = workspace.up()
    assert up.code == 0, up.text
    assert references.check(bed, "waiting") == []
    down = workspace.destroy()
    assert down.code == 0, down.text
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
