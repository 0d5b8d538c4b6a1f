"""Who is at home in a single namespace, which the site has given, deploys and destroys without leaving it.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import Result

from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.waiting import until
from testbed.workspace import Workspace
from tests.support import fast_yaml
from tests.support.command_line import run_in

pytestmark = pytest.mark.e2e

_GIVEN = "given"
_RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def stack(bed: Bed, api: Api) -> Iterator[Workspace]:
    """In a namespace of the site's, by a service account that may do anything there and nothing elsewhere."""
    api.create("/api/v1/namespaces", {"metadata": {"name": _GIVEN}})
    accounts = f"/api/v1/namespaces/{_GIVEN}/serviceaccounts"
    api.create(accounts, {"metadata": {"name": "operator"}})
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    api.create(f"{_RBAC}/{_GIVEN}/roles", {"metadata": {"name": "operator"}, "rules": [everything]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"}
    subject = {"kind": "ServiceAccount", "name": "operator", "namespace": _GIVEN}
    binding = {"metadata": {"name": "operator"}, "roleRef": role, "subjects": [subject]}
    api.create(f"{_RBAC}/{_GIVEN}/rolebindings", binding)
    token = api.create(f"{accounts}/operator/token", {"spec": {}})["status"]["token"]
    kubeconfig = fast_yaml.load(bed.kubeconfig.read_text())
    kubeconfig["users"][0]["user"] = {"token": token}
    file = bed.state / "operator-kubeconfig"
    file.write_text(fast_yaml.dump(kubeconfig))
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _GIVEN,
        {
            "panda-infra:namespace": {"name": _GIVEN, "adopt": True},
            "panda-infra:cluster": {"kind": "existing", "kubeconfig": str(file)},
            "panda-infra:components": {"msgsvc": {}, "panda": {}},
            "panda-infra:hosts": {},
            # Without a claim for the logs of all, each pod of a StatefulSet has one of its own.
            "panda-infra:storage": {"class": "standard"},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    yield workspace
    workspace.destroy()


def command(stack: Workspace, *arguments: str) -> Result:
    return run_in(stack.folder, stack.environment(), *arguments)


def test_a_namespace_that_is_given_is_enough(stack: Workspace) -> None:
    previewed = stack.preview()
    assert previewed.code == 0, previewed.text
    deployed = stack.up()
    assert deployed.code == 0, deployed.text
    again = stack.preview("--refresh", "--expect-no-changes")
    assert again.code == 0, again.text
    shown = command(stack, "status", "local", "--json")
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["problems"] == []


def test_what_may_not_be_looked_at_is_named_before_and_after(stack: Workspace, api: Api) -> None:
    share = {"size": "1Gi", "shareId": "share", "shareAccessId": "access"}
    stack.configure({"panda-infra:storage": {"class": "standard", "sharedLogs": share}})
    previewed = stack.preview()
    assert f"outside of namespace {_GIVEN} this user may not look" in previewed.text
    assert f"PersistentVolume {_GIVEN}-" in previewed.text
    stack.configure({"panda-infra:storage": {"class": "standard"}})
    claims = f"/api/v1/namespaces/{_GIVEN}/persistentvolumeclaims"
    of_pods = {one["metadata"]["name"] for one in api.list(claims) if one["metadata"]["name"].endswith("-0")}
    assert of_pods
    destroyed = command(stack, "destroy", "local", "--yes")
    assert destroyed.exit_code == 0, destroyed.output
    for kind in ("PersistentVolumes", "ClusterRoles", "ClusterRoleBindings"):
        assert f"not looked at: {kind} outside of the namespace" in destroyed.output
    assert "local: nothing is left of what this user may look at" in destroyed.output
    # Neither the releases nor the namespace took them along.
    assert {f"deleting claim {name}" for name in of_pods} <= set(destroyed.output.splitlines())
    until(lambda: api.list(claims) == [], "the claims are gone", 30)
    assert api.get(f"/api/v1/namespaces/{_GIVEN}")["status"]["phase"] == "Active"
