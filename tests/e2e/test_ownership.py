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

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.live.met import met
from panda_infra.plan.ownership import MARK
from testbed import stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.charts import helm_homes
from testbed.waiting import until
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.documented import documented
from tools import REPOSITORY, toolchain

pytestmark = pytest.mark.e2e

_THEIRS, _OURS = "handmade", "ours"
_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
# The program as it was when stacks did not mark what they make.
_WITHOUT_MARKS = """
from panda_infra.delivery import resources as deployment
from panda_infra.plan.ownership import Owner
from panda_infra.program import plan_of_this_stack

Owner.mark = property(lambda owner: {})
deployment.deploy(*plan_of_this_stack())
"""
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


def workspace(bed: Bed, name: str, **sections: Any) -> Workspace:
    own = {"namespace": name, **sections}
    given = {f"panda-infra:{section}": value for section, value in own.items()}
    return stacks.local(bed, bed.state / "stacks" / name, _SMALL | given)


@pytest.fixture(scope="module")
def guest(bed: Bed, theirs: None) -> Iterator[Workspace]:  # noqa: ARG001
    """A stack that would live in the namespace of others."""
    stack = workspace(bed, "guest", namespace=_THEIRS)
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def owner(bed: Bed) -> Iterator[Workspace]:
    """A stack with a namespace of its own, deployed."""
    stack = workspace(bed, _OURS)
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
    """The problems that preview and up report alike, before anything is changed."""
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


def pods(api: Api, namespace: str) -> set[str]:
    return {one["metadata"]["uid"] for one in api.list(f"/api/v1/namespaces/{namespace}/pods")}


def notes(api: Api, path: str) -> dict[str, str]:
    return dict(api.get(path)["metadata"].get("annotations") or {})


def test_a_namespace_that_somebody_made_by_hand_is_refused(guest: Workspace, api: Api) -> None:
    before = content(api, _THEIRS)
    said = refused(guest)
    assert f"namespace: {_THEIRS} exists and is not this stack's: it is made by hand" in said
    assert "it holds releases alice it holds Secrets alice-db it holds claims alice-data" in said
    assert f"namespace: {{name: {_THEIRS}, adopt: true}}" in said
    assert content(api, _THEIRS) == before


def test_a_stack_that_was_refused_destroys_nothing(guest: Workspace, api: Api) -> None:
    before = content(api, _THEIRS)
    gone = command(guest, "destroy", "local", "--yes")
    assert gone.exit_code == 0, gone.output
    assert "its state has no release" in gone.output
    assert f"not ours: Namespace {_THEIRS}" in gone.output
    assert "local: nothing is left" in gone.output
    assert content(api, _THEIRS) == before


def test_the_namespace_of_another_stack_is_refused(owner: Workspace, bed: Bed, api: Api) -> None:
    before = content(api, _OURS)
    second = workspace(bed, "second", namespace=_OURS)
    said = refused(second)
    assert f"{_OURS} exists and is not this stack's: it is of stack local of panda-infra" in said
    assert "releases panda-msgsvc" in said
    gone = command(second, "destroy", "local", "--yes")
    assert gone.exit_code == 0, gone.output
    assert "`pulumi stack rm local` would delete it" in " ".join(gone.output.split())
    assert content(api, _OURS) == before
    assert owner.up("--expect-no-changes").code == 0
    removed = documented("pulumi stack rm dev --preserve-config --yes", {"dev": "local"})
    assert second.pulumi(*removed.arguments).code == 0
    assert "panda-infra:secrets" in second.stack_file.read_text()


@pytest.mark.usefixtures("owner")
def test_every_lasting_object_says_whose_it_is(api: Api) -> None:
    inside = f"/api/v1/namespaces/{_OURS}"
    mark = notes(api, inside)[MARK]
    assert mark.startswith("panda-infra/local/")
    for path in ("secrets/panda-secrets-msgsvc-envs", "persistentvolumeclaims/panda-shared-logs"):
        assert notes(api, f"{inside}/{path}")[MARK] == mark
    # Helm inside the plugin writes no mark, but under the plugin's name.
    (record,) = api.list(f"{inside}/secrets?labelSelector=owner%3Dhelm")
    assert met("Secret", record).by_engine


@pytest.mark.long
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
    # The pack knows where the stack lives although it does not make the namespace.
    judged = guest.pulumi("preview", "--stack", "local", "--policy-pack", str(REPOSITORY / "policy"))
    assert judged.code == 0, judged.text
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


@pytest.mark.long
def test_what_others_made_under_the_stacks_names_is_refused(
    guest: Workspace, api: Api, bed: Bed, tmp_path: Path
) -> None:
    guest.configure({"panda-infra:namespace": {"name": _THEIRS, "adopt": True}})
    install(bed, tmp_path, "panda-msgsvc", secret("panda-secrets-msgsvc-envs"))
    before = content(api, _THEIRS)
    said = refused(guest)
    assert f"{_THEIRS} holds what others made under this stack's names: release panda-msgsvc" in said
    assert "takeOver: true" in said
    assert content(api, _THEIRS) == before


@pytest.mark.long
def test_a_role_of_others_outside_of_the_namespace_is_refused(bed: Bed, api: Api) -> None:
    api.create(_ROLES, {"metadata": {"name": "panda-node-recovery"}, "rules": []})
    components = {"msgsvc": {}, "panda": {"nodeRecovery": True}}
    said = refused(workspace(bed, "recovering", components=components))
    assert "components.panda.nodeRecovery: would make ClusterRole panda-node-recovery, which exists" in said
    api.delete(f"{_ROLES}/panda-node-recovery")


@pytest.mark.long
@pytest.mark.usefixtures("theirs")
def test_a_new_stack_is_reported_of_what_is_there_as_soon_as_it_is_made(bed: Bed, api: Api) -> None:
    # Beside one that lives elsewhere: two stacks of one project are refused in one namespace without a look at it.
    beside = workspace(bed, "beside")
    before = content(api, _THEIRS)
    words = (
        f"init visitor -e dev --storage-class standard --component msgsvc --namespace {_THEIRS} --kubeconfig"
    )
    made = command(beside, *words.split(), str(bed.kubeconfig))
    assert made.exit_code == INCOMPLETE, made.output
    said = " ".join(made.output.split())
    assert "Pulumi.visitor.yaml is complete, but cannot be deployed to its cluster" in said
    assert f"{_THEIRS} exists and is not this stack's: it is made by hand" in said
    assert content(api, _THEIRS) == before


@pytest.mark.long
def test_a_stack_that_an_earlier_version_deployed_gets_its_marks_in_place(bed: Bed, api: Api) -> None:
    stack = workspace(bed, "former")
    main = stack.folder / "__main__.py"
    main.unlink()
    main.write_text(_WITHOUT_MARKS)
    deployed(stack)
    inside = "/api/v1/namespaces/former"
    assert MARK not in notes(api, inside)
    before = content(api, "former"), pods(api, "former")
    stack.link(REPOSITORY)
    deployed(stack)
    assert notes(api, inside)[MARK] == notes(api, f"{inside}/secrets/panda-secrets-msgsvc-envs")[MARK]
    assert (content(api, "former").keys(), pods(api, "former")) == (before[0].keys(), before[1])
    assert stack.up("--expect-no-changes").code == 0
    assert stack.destroy().code == 0


@pytest.mark.long
def test_a_stack_keeps_the_namespace_that_it_made(owner: Workspace) -> None:
    owner.configure({"panda-infra:namespace": {"name": _OURS, "adopt": True}})
    said = refused(owner)
    assert f"{_OURS} is this stack's own: with `adopt`, the engine would delete it" in said
    owner.configure({"panda-infra:namespace": _OURS})
    assert owner.up("--expect-no-changes").code == 0


@pytest.mark.long
def test_a_namespace_that_is_being_deleted_is_waited_for(bed: Bed, api: Api) -> None:
    name = "ending"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    held = {"metadata": {"name": "held", "finalizers": ["example.com/held"]}}
    api.create(f"/api/v1/namespaces/{name}/configmaps", held)
    api.delete(f"/api/v1/namespaces/{name}")
    said = refused(workspace(bed, name))
    assert f"namespace: {name} is being deleted, and all that is in it" in said
    api.merge(f"/api/v1/namespaces/{name}/configmaps/held", {"metadata": {"finalizers": None}})


@pytest.mark.long
def test_a_namespace_that_others_made_anew_is_neither_used_nor_deleted(owner: Workspace, api: Api) -> None:
    path = f"/api/v1/namespaces/{_OURS}"
    api.delete(path)
    until(lambda: _OURS not in {one["metadata"]["name"] for one in api.list("/api/v1/namespaces")}, _OURS, 60)
    api.create("/api/v1/namespaces", {"metadata": {"name": _OURS}})
    api.create(f"{path}/secrets", secret("alice-db"))
    before = content(api, _OURS)
    assert f"{_OURS} exists and is not this stack's: it is made by hand" in refused(owner)
    kept = command(owner, "destroy", "local", "--yes")
    assert kept.exit_code == 1
    assert f"namespace {_OURS} is not the one that stack local made: it is made by hand" in " ".join(
        kept.output.split()
    )
    assert content(api, _OURS) == before
    api.delete(path)
