"""A stack changes and deletes what it made and nothing of others, with the real engine on a namespace of others."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import Result

from panda_infra.plan.ownership import MARK
from testbed import stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.charts import helm_homes
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tools import toolchain

pytestmark = pytest.mark.e2e

_THEIRS, _OURS = "handmade", "ours"
_SMALL: dict[str, Any] = {
    "panda-infra:components": {"msgsvc": {}},
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard", "sharedLogs": {"size": "1Gi"}},
}


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def secret(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": {"KEEP_ME": "yes"},
    }


def install(bed: Bed, folder: Path, release: str, *objects: Object) -> None:
    """Somebody's Helm release in their namespace."""
    chart = folder / release
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: theirs, version: 0.1.0}")
    (chart / "templates" / "objects.yaml").write_text(yaml.safe_dump_all(objects))
    helm = toolchain.ensure(["helm"]).path("helm")
    words = ("install", release, str(chart), "--namespace", _THEIRS, "--kubeconfig", str(bed.kubeconfig))
    subprocess.run(
        [helm, *words], check=True, env={"HOME": str(folder), **helm_homes(folder)}, capture_output=True
    )


@pytest.fixture(scope="module")
def theirs(bed: Bed, api: Api, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A namespace made by hand, with a release, a Secret and a claim in it."""
    folder = tmp_path_factory.mktemp("charts")
    api.create("/api/v1/namespaces", {"metadata": {"name": _THEIRS}})
    install(bed, folder, "alice", secret("alice-db"))
    inside = f"/api/v1/namespaces/{_THEIRS}"
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    api.create(
        f"{inside}/persistentvolumeclaims",
        {"metadata": {"name": "alice-data"}, "spec": {**claim, "storageClassName": "standard"}},
    )


def workspace(bed: Bed, name: str, namespace: Any) -> Workspace:
    return stacks.local(bed, bed.state / "stacks" / name, {**_SMALL, "panda-infra:namespace": namespace})


@pytest.fixture(scope="module")
def guest(bed: Bed, theirs: None) -> Iterator[Workspace]:  # noqa: ARG001
    """A stack that would live in the namespace of others."""
    stack = workspace(bed, "guest", _THEIRS)
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def owner(bed: Bed) -> Iterator[Workspace]:
    """A stack with a namespace of its own, deployed."""
    stack = workspace(bed, "owner", _OURS)
    deployed(stack)
    yield stack
    stack.destroy()


def deployed(stack: Workspace) -> None:
    result = stack.up()
    assert result.code == 0, result.text


def command(stack: Workspace, *arguments: str) -> Result:
    return run_in(stack.folder, stack.environment(), *arguments)


def resources(stack: Workspace) -> set[str]:
    """What the state holds, apart from the engine's provider for itself."""
    found = json.loads(stack.exported_state())["deployment"].get("resources", [])
    return {one["urn"] for one in found if one["type"] != "pulumi:providers:pulumi"}


def refused(stack: Workspace) -> str:
    """What preview and up say alike, before anything is changed."""
    before, said = resources(stack), ""
    for words in (("preview",), ("up", "--yes")):
        result = stack.pulumi(*words, "--stack", "local")
        assert result.code != 0, result.text
        assert "nothing was changed" in result.text
        said = " ".join(result.text.split())
    assert resources(stack) == before
    return said


def content(api: Api, namespace: str) -> dict[str, str]:
    """The version of every lasting object of a namespace: none may change."""
    inside = f"/api/v1/namespaces/{namespace}"
    paths = [
        f"{inside}/secrets",
        f"{inside}/persistentvolumeclaims",
        f"{inside}/services",
        f"{inside}/configmaps",
    ]
    found = [one for path in paths for one in api.list(path)] + [api.get(inside)]
    return {one["metadata"]["uid"]: one["metadata"].get("resourceVersion", "") for one in found}


def notes(api: Api, path: str) -> dict[str, str]:
    return dict(api.get(path)["metadata"].get("annotations") or {})


def test_a_namespace_that_somebody_made_by_hand_is_refused(guest: Workspace, api: Api) -> None:
    before = content(api, _THEIRS)
    said = refused(guest)
    assert f"namespace: {_THEIRS} exists and is not this stack's: it is made by hand" in said
    assert "releases alice; Secrets alice-db; claims alice-data" in said
    assert f"namespace: {{name: {_THEIRS}, adopt: true}}" in said
    assert content(api, _THEIRS) == before


def test_a_stack_that_was_refused_destroys_nothing(guest: Workspace, api: Api) -> None:
    before = content(api, _THEIRS)
    gone = command(guest, "destroy", "local", "--yes")
    assert gone.exit_code == 0, gone.output
    assert f"not ours: Namespace {_THEIRS}" in gone.output
    assert "local: nothing is left" in gone.output
    assert content(api, _THEIRS) == before


def test_the_namespace_of_another_stack_is_refused(owner: Workspace, bed: Bed, api: Api) -> None:
    before = content(api, _OURS)
    second = workspace(bed, "second", _OURS)
    said = refused(second)
    assert f"{_OURS} exists and is not this stack's: it is of stack local of panda-infra" in said
    assert "releases panda-msgsvc" in said
    gone = command(second, "destroy", "local", "--yes")
    assert gone.exit_code == 0, gone.output
    assert content(api, _OURS) == before
    assert owner.up("--expect-no-changes").code == 0


@pytest.mark.usefixtures("owner")
def test_every_lasting_object_says_whose_it_is(api: Api) -> None:
    inside = f"/api/v1/namespaces/{_OURS}"
    mark = notes(api, inside)[MARK]
    assert mark.startswith("panda-infra/local/")
    for path in ("secrets/panda-secrets-msgsvc-envs", "persistentvolumeclaims/panda-shared-logs"):
        assert notes(api, f"{inside}/{path}")[MARK] == mark


def test_a_state_that_knows_nothing_of_the_stack_is_not_the_right_one(owner: Workspace, api: Api) -> None:
    before = content(api, _OURS)
    elsewhere = owner.folder / "elsewhere"
    elsewhere.mkdir()
    backend = {"PULUMI_BACKEND_URL": f"file://{elsewhere}"}
    assert owner.pulumi("stack", "init", "local", "--no-select", environment=backend).code == 0
    result = owner.pulumi("preview", "--stack", "local", environment=backend)
    assert result.code != 0
    said = " ".join(result.text.split())
    assert "has its releases panda-msgsvc, of which the state that is in use knows nothing" in said
    assert "PULUMI_BACKEND_URL" in said
    assert content(api, _OURS) == before


def test_what_is_adopted_outlives_the_stack(guest: Workspace, api: Api) -> None:
    guest.configure({"panda-infra:namespace": {"name": _THEIRS, "adopt": True}})
    before = content(api, _THEIRS)
    deployed(guest)
    assert guest.up("--expect-no-changes").code == 0
    assert content(api, _THEIRS).items() >= before.items()
    gone = command(guest, "destroy", "local", "--yes")
    assert gone.exit_code == 0, gone.output
    for line in (
        f"Namespace {_THEIRS}",
        "Helm release alice",
        "Secret alice-db",
        "PersistentVolumeClaim alice-data",
    ):
        assert f"not ours: {line}" in gone.output
    assert "local: nothing is left" in gone.output
    assert content(api, _THEIRS) == before


def test_what_others_made_under_the_stacks_names_is_refused(
    guest: Workspace, api: Api, bed: Bed, tmp_path: Path
) -> None:
    install(bed, tmp_path, "panda-msgsvc", secret("panda-secrets-msgsvc-envs"))
    before = content(api, _THEIRS)
    said = refused(guest)
    assert f"{_THEIRS} holds what others made under this stack's names: release panda-msgsvc" in said
    assert "takeOver: true" in said
    assert content(api, _THEIRS) == before


def test_a_stack_keeps_the_namespace_that_it_made(owner: Workspace) -> None:
    owner.configure({"panda-infra:namespace": {"name": _OURS, "adopt": True}})
    said = refused(owner)
    assert f"{_OURS} is this stack's own: with `adopt`, the engine would delete it" in said
    owner.configure({"panda-infra:namespace": _OURS})
    assert owner.up("--expect-no-changes").code == 0


def test_a_namespace_that_is_being_deleted_is_waited_for(bed: Bed, api: Api) -> None:
    name = "ending"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    held = {"metadata": {"name": "held", "finalizers": ["example.com/held"]}}
    api.create(f"/api/v1/namespaces/{name}/configmaps", held)
    api.delete(f"/api/v1/namespaces/{name}")
    said = refused(workspace(bed, name, name))
    assert f"namespace: {name} is being deleted, and all that is in it" in said
    api.merge(f"/api/v1/namespaces/{name}/configmaps/held", {"metadata": {"finalizers": None}})
