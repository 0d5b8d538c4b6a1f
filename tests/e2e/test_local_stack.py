"""The local stack with the real engine on the real API: up, up again with no change, destroy with nothing left.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from panda_infra.catalog.components import COMPONENTS
from panda_infra.catalog.names import Names
from panda_infra.plan.order import prerequisites
from testbed import references, stacks, waiting
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.workspace import Workspace

pytestmark = pytest.mark.e2e

_NAMESPACE = "life"
_DELAY = "2s"
_READY_AFTER = {"annotations": {"testbed.panda-infra/ready-after": _DELAY}}


def components(**changes: Any) -> dict[str, Any]:
    """Every component, each pod ready after the delay."""
    described: dict[str, Any] = {
        name: {sub.name: dict(_READY_AFTER) for sub in spec.sub_components}
        for name, spec in COMPONENTS.items()
    }
    # The iam chart's own database stays off: iam-db is deployed.
    described["iam"]["mariadb"] = {"enabled": False}
    return described | changes


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    sections = {"panda-infra:namespace": _NAMESPACE, "panda-infra:components": components()}
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
        """Look until the end. A pod's own timestamps tell its last change of state, not its first."""
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


def revisions(api: Api) -> dict[str, int]:
    """The newest revision of each Helm release."""
    found: dict[str, int] = {}
    for secret in api.list(f"/api/v1/namespaces/{_NAMESPACE}/secrets?labelSelector=owner%3Dhelm"):
        labels = secret["metadata"]["labels"]
        found[labels["name"]] = max(found.get(labels["name"], 0), int(labels["version"]))
    return found


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
    assert set(revisions(api)) == {Names().release(component) for component in COMPONENTS}
    assert "PATH" not in result.text
    assert "warning:" not in result.text
    for pod in pods(api):
        assert is_ready(pod), pod["metadata"]["name"]
    assert references.check(bed, _NAMESPACE) == []


def test_pods_got_ready_in_the_declared_order(observed: Observed) -> None:
    started, ready = observed.started, observed.ready
    assert set(started) == set(ready) == set(COMPONENTS)
    for component, spec in COMPONENTS.items():
        for before in prerequisites(spec, COMPONENTS):
            assert ready[before] <= started[component], f"{component} did not wait for {before}"
    # Independent components went side by side: none waited for the others to be ready.
    together = ("harvester", "idds", "bigmon", "ui")
    assert max(started[c] for c in together) < min(ready[c] for c in together)


def test_up_again_changes_nothing(stack: Workspace, api: Api) -> None:
    before = revisions(api)
    result = stack.up("--expect-no-changes")
    assert result.code == 0, result.text
    assert revisions(api) == before


def test_one_changed_value_touches_one_release(stack: Workspace, api: Api) -> None:
    before = revisions(api)
    bigger = {"resources": {"requests": {"cpu": "250m", "memory": "512Mi"}}} | _READY_AFTER
    stack.configure({"panda-infra:components": components(bigmon={"main": bigger})})
    result = stack.up()
    assert result.code == 0, result.text
    after = revisions(api)
    assert {name for name in after if after[name] != before[name]} == {"panda-bigmon"}


def test_destroy_leaves_nothing(stack: Workspace, api: Api) -> None:
    result = stack.destroy()
    assert result.code == 0, result.text
    assert _NAMESPACE not in {n["metadata"]["name"] for n in api.list("/api/v1/namespaces")}
    assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []

    def volumes() -> list[str]:
        claimed = (v for v in api.list("/api/v1/persistentvolumes") if v["spec"].get("claimRef"))
        return [v["metadata"]["name"] for v in claimed if v["spec"]["claimRef"]["namespace"] == _NAMESPACE]

    waiting.until(lambda: not volumes(), "the volumes of the removed claims", seconds=20)
    assert not [
        r
        for r in api.list("/apis/rbac.authorization.k8s.io/v1/clusterroles")
        if "panda" in r["metadata"]["name"]
    ]
