"""Who is at home in a single namespace, which the site has given, deploys and destroys without leaving it.

Who may only read there previews what another one deploys.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from panda_infra.plan.developer_rights import rules
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


def kubeconfig(bed: Bed, api: Api, name: str, may: list[dict[str, Any]]) -> Path:
    """That of a service account which may do this in the namespace."""
    accounts = f"/api/v1/namespaces/{_GIVEN}/serviceaccounts"
    api.create(accounts, {"metadata": {"name": name}})
    api.create(f"{_RBAC}/{_GIVEN}/roles", {"metadata": {"name": name}, "rules": may})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": _GIVEN}
    binding = {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
    api.create(f"{_RBAC}/{_GIVEN}/rolebindings", binding)
    token = api.create(f"{accounts}/{name}/token", {"spec": {}})["status"]["token"]
    document = fast_yaml.load(bed.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": token}
    file = bed.state / f"{name}-kubeconfig"
    file.write_text(fast_yaml.dump(document))
    return file


@pytest.fixture(scope="module")
def stack(bed: Bed, api: Api) -> Iterator[Workspace]:
    """In a namespace of the site's, by a service account that may do anything there and nothing elsewhere."""
    api.create("/api/v1/namespaces", {"metadata": {"name": _GIVEN}})
    file = kubeconfig(bed, api, "operator", [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])
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


def _only(rules: list[dict[str, Any]], *verbs: str) -> list[dict[str, Any]]:
    return [rule | {"verbs": list(verbs)} for rule in rules]


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


def test_who_may_only_read_previews_and_deploys_nothing(stack: Workspace, bed: Bed, api: Api) -> None:
    """As a preview's environment in the workflows has it, beside that which deploys."""
    section = "panda-infra:cluster"
    before = fast_yaml.load(stack.stack_file.read_text())["config"][section]
    # Whoever may get `*` may run commands in pods, too.
    seen = [rule for rule in rules("") if "list" in rule["verbs"] and "pods/exec" not in rule["resources"]]
    reader = kubeconfig(bed, api, "reader", _only(seen, "get", "list", "watch"))
    stack.configure({section: {"kind": "existing", "kubeconfig": str(reader)}})
    logs = {"class": "standard", "sharedLogs": {"size": "1Gi"}}
    stack.configure({"panda-infra:storage": logs})
    secrets = f"/api/v1/namespaces/{_GIVEN}/secrets"
    there = {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in api.list(secrets)}
    previewed = stack.preview("--refresh", "--diff")
    assert previewed.code == 0, previewed.text
    assert "panda-shared-logs" in previewed.text
    assert "will refuse" not in previewed.text
    refused = stack.up()
    assert refused.code != 0
    assert "the kubeconfig's user may not create, patch secrets in given" in refused.text
    assert there == {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in api.list(secrets)}
    # Who may make some kinds alone would leave the stack half done.
    some = kubeconfig(
        bed,
        api,
        "half",
        [{"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}, *_only(seen, "get", "list")],
    )
    stack.configure({section: {"kind": "existing", "kubeconfig": str(some)}})
    previewed = stack.preview()
    assert previewed.code == 0, previewed.text
    refused = stack.up()
    assert refused.code != 0
    for text, start in (
        (previewed.text, "`pulumi up` will refuse this: namespace"),
        (refused.text, "namespace"),
    ):
        for kind in ("deployments.apps", "statefulsets.apps"):
            assert f"{start}: the kubeconfig's user may not create, patch {kind} in given" in text
    assert "services in given" not in refused.text
    claims = api.list(f"/api/v1/namespaces/{_GIVEN}/persistentvolumeclaims")
    assert "panda-shared-logs" not in [claim["metadata"]["name"] for claim in claims]
    stack.configure({section: before, "panda-infra:storage": {"class": "standard"}})
    again = stack.up()
    assert again.code == 0, again.text


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
