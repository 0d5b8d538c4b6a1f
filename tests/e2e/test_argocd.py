"""Argo CD as a part of a stack: installed, upgraded and removed by the real engine, and used by real processes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import bcrypt
import pytest

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.plan.argocd_names import CLUSTER_WIDE, DEFINITIONS
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import PROJECT, Workspace
from tests.support.documented import documented
from tests.support.installs_argocd import HOST, made, path_of, reported, stored

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_OLD, _NEW = "2.13.5", "2.13.6"
_INSIDE = "/apis/apps/v1/namespaces/argocd"
_PROJECTS = "/apis/argoproj.io/v1alpha1/namespaces/{}/appprojects"


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Iterator[Workspace]:
    """Deployed in the older version."""
    workspace = made(bed, "argo-one", argocd={"version": _OLD, "host": HOST})
    done = workspace.up()
    assert done.code == 0, done.text
    yield workspace
    workspace.destroy()


def images(api: Api) -> set[str]:
    """The images of Argo CD itself."""
    return {
        container["image"]
        for kind in ("deployments", "statefulsets")
        for each in api.list(f"{_INSIDE}/{kind}")
        for container in each["spec"]["template"]["spec"]["containers"]
        if "argoproj/argocd" in container["image"]
    }


def nothing_is_left(api: Api) -> bool:
    paths = ["/api/v1/namespaces/argocd", *(path_of(kind, name) for kind, name in CLUSTER_WIDE)]
    return not [path for path in paths if api.exists(path)]


def test_the_password_is_known_by_its_hash_alone(stack: Workspace, api: Api) -> None:
    secret = api.get("/api/v1/namespaces/argocd/secrets/argocd-secret")
    data = {key: base64.b64decode(value) for key, value in secret["data"].items()}
    assert bcrypt.checkpw(stored(stack, "adminPassword").encode(), data["admin.password"])
    assert stored(stack, "adminPassword") not in stack.exported_state()
    assert data["admin.password"].decode() not in stack.exported_state()
    tls = api.get("/api/v1/namespaces/argocd/secrets/argocd-tls")
    assert tls["type"] == "kubernetes.io/tls"


def test_a_second_up_changes_nothing(stack: Workspace) -> None:
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text


def test_its_version_and_address_are_shown(stack: Workspace) -> None:
    shown = reported(stack, documented("python -m panda_infra status doma").arguments)
    assert f"Argo CD {_OLD} at https://{HOST}" in shown
    assert f"Argo CD:** {_OLD}, installed by the stack" in reported(stack, ("explain", "doma"))
    assert f"version {_OLD}" in reported(stack, ("graph", "doma"))


@pytest.mark.usefixtures("stack")
def test_a_second_stack_cannot_install_it_too(bed: Bed) -> None:
    other = made(bed, "argo-two", code=INCOMPLETE, argocd={"version": _NEW})
    refused = other.preview()
    assert refused.code != 0
    assert "argocd: would be a second Argo CD in this cluster" in refused.text
    assert "of stack local" in refused.text
    assert "`argocd: {existing: true}`" in refused.text
    other.configure({f"{PROJECT}:argocd": {"existing": True}})
    accepted = other.preview()
    assert accepted.code == 0, accepted.text
    assert f"Argo CD {_OLD} in namespace argocd is used as it is" in accepted.text


@pytest.mark.usefixtures("stack")
def test_an_argo_cd_that_is_not_there_is_not_used(bed: Bed) -> None:
    other = made(bed, "argo-three", code=INCOMPLETE, argocd={"existing": True, "namespace": "gitops"})
    refused = other.preview()
    assert refused.code != 0
    assert "argocd.namespace: is gitops, where no application controller of Argo CD runs" in refused.text


def test_another_version_is_previewed_and_then_upgrades_it(stack: Workspace, api: Api) -> None:
    stack.configure({f"{PROJECT}:argocd": {"version": _NEW, "host": HOST}})
    preview = stack.preview("--diff")
    assert preview.code == 0, preview.text
    assert f"argoproj/argocd:v{_NEW}" in preview.text
    assert images(api) == {f"quay.io/argoproj/argocd:v{_OLD}"}
    done = stack.up()
    assert done.code == 0, done.text
    assert images(api) == {f"quay.io/argoproj/argocd:v{_NEW}"}
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text


def test_nothing_is_left_of_it(stack: Workspace, api: Api) -> None:
    done = stack.destroy()
    assert done.code == 0, done.text
    assert nothing_is_left(api)
    assert json.loads(reported(stack, ("residue", "doma", "--json"))) == []


def test_what_others_use_stays_until_they_have_gone(stack: Workspace, api: Api) -> None:
    done = stack.up()
    assert done.code == 0, done.text
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "theirs"},
        "spec": {},
    }
    api.create(_PROJECTS.format("argocd"), project)
    done = stack.destroy()
    assert done.code == 0, done.text
    assert "argocd/theirs of others would go with it" in done.text
    assert api.exists(f"{_PROJECTS.format('argocd')}/theirs")
    assert not api.exists(f"{_INSIDE}/deployments/argocd-server")
    left = {name for name in DEFINITIONS if api.exists(path_of("CustomResourceDefinition", name))}
    assert left == {"appprojects.argoproj.io"}
    again = stack.up()  # takes its own objects again
    assert again.code == 0, again.text
    api.delete(f"{_PROJECTS.format('argocd')}/theirs")
    done = stack.destroy()
    assert done.code == 0, done.text
    assert nothing_is_left(api)
