"""The end of a stack with the real engine: protected data stays, a test stack goes without a trace.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import Result

from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import fast_yaml
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.forwarder import Forwarder
from tests.support.teardown_order import deletions, out_of_order

pytestmark = pytest.mark.e2e

_NAMESPACE = "teardown"
_PLACE, _LIFECYCLE = "panda-infra:namespace", "panda-infra:lifecycle"
_BROKER: dict[str, Any] = {"msgsvc": {}}
_BOTH = _BROKER | {"iam": {"mariadb": {"enabled": True}}}
_STACK = {"dev": "local"}
_OUTSIDE = {"settings": {"database": {"host": "db.cern.ch"}}}
_WITHOUT_IAM = {"protect": True, "deleteDataOf": ["iam"]}
_TEST_STACK = {"protect": False, "expires": "2020-12-01"}


@pytest.fixture(scope="module")
def line(bed: Bed) -> Iterator[Forwarder]:
    """The way to the API server; closing it makes the cluster disappear."""
    forwarder = Forwarder(bed.kubeconfig, bed.state)
    yield forwarder
    forwarder.cut()


@pytest.fixture(scope="module")
def stack(bed: Bed, line: Forwarder) -> Iterator[Workspace]:
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:cluster": {"kind": "existing", "kubeconfig": str(line.kubeconfig)},
            "panda-infra:components": _BOTH,
            "panda-infra:hosts": {},
            "panda-infra:lifecycle": {"protect": True},
            # Where a release that awaits its claims would wait for ever: the shared one (T20), one of IAM (T21).
            "panda-infra:storage": {"class": "local-wait", "sharedLogs": {"size": "1Gi"}},
        },
    )
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def command(stack: Workspace, *arguments: str) -> Result:
    """`python -m panda_infra` in the stack's project folder."""
    return run_in(stack.folder, stack.environment(), *arguments)


def deploy(stack: Workspace, **sections: Any) -> None:
    stack.configure({f"panda-infra:{name}": value for name, value in sections.items()})
    result = stack.up()
    assert result.code == 0, result.text


def resources(stack: Workspace) -> set[str]:
    """What the state holds, apart from the engine's provider for itself."""
    found = json.loads(stack.exported_state())["deployment"].get("resources", [])
    return {one["urn"] for one in found if one["type"] != "pulumi:providers:pulumi"}


def namespaces(api: Api) -> set[str]:
    return {one["metadata"]["name"] for one in api.list("/api/v1/namespaces")}


def claims(api: Api) -> set[str]:
    found = api.list(f"/api/v1/namespaces/{_NAMESPACE}/persistentvolumeclaims")
    return {one["metadata"]["name"] for one in found if "deletionTimestamp" not in one["metadata"]}


def volumes(api: Api) -> dict[str, str]:
    """The volume of each claim that a pod has asked for; it exists."""
    exist = {one["metadata"]["name"] for one in api.list("/api/v1/persistentvolumes")}
    found = {
        one["metadata"]["name"]: one["spec"]["volumeName"]
        for one in api.list(f"/api/v1/namespaces/{_NAMESPACE}/persistentvolumeclaims")
        if "volumeName" in one["spec"]
    }
    assert set(found.values()) <= exist
    return found


def mounted(api: Api) -> set[str]:
    """The claims that pods mount."""
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")
        if "deletionTimestamp" not in pod["metadata"]
        for volume in pod["spec"]["volumes"]
        if "persistentVolumeClaim" in volume
    }


def test_a_protected_stack_is_destroyed_by_nobody(stack: Workspace, api: Api) -> None:
    deploy(stack)
    before, kept = resources(stack), claims(api)
    refused = stack.destroy()
    assert refused.code != 0
    assert "protected" in refused.text
    by_command = command(stack, "destroy", "local", "--yes")
    assert by_command.exit_code == 1
    assert "stack local is protected" in by_command.output
    assert resources(stack) == before
    assert claims(api) == kept
    assert _NAMESPACE in namespaces(api)


def test_a_deployed_stack_shows_its_status(stack: Workspace) -> None:
    shown = command(stack, "status", "local", "--json")
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert {one["name"]: one["status"] for one in found["releases"]} == {
        "panda-msgsvc": "deployed",
        "iam": "deployed",
    }
    assert all(one["ready"] == one["pods"] > 0 for one in found["releases"])
    assert found["problems"] == []
    assert found["access_expires"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("without", "claim"),
    [({"iam": _BOTH["iam"]}, "panda-msgsvc-activemq"), ({"msgsvc": {}, "iam": _OUTSIDE}, "iam-mariadb")],
    ids=["component removed", "database switched off"],
)
def test_what_is_switched_off_comes_back_to_its_data(
    stack: Workspace, api: Api, without: dict[str, Any], claim: str
) -> None:
    deploy(stack, components=_BOTH)
    before = volumes(api)
    assert claim in mounted(api)
    deploy(stack, components=without)
    assert claim not in mounted(api)
    assert volumes(api) == before
    deploy(stack, components=_BOTH)
    assert claim in mounted(api)
    assert volumes(api) == before


@pytest.mark.parametrize("protect", [True, False], ids=["protected", "set free in the same step"])
def test_replacing_what_holds_data_is_refused(stack: Workspace, protect: bool) -> None:
    before = {
        key: fast_yaml.load(stack.stack_file.read_text())["config"][key] for key in (_PLACE, _LIFECYCLE)
    }
    stack.configure({"panda-infra:components": _BOTH, _PLACE: "elsewhere", _LIFECYCLE: {"protect": protect}})
    refused = stack.preview()
    stack.configure(before)
    assert refused.code != 0
    assert f"namespace: would be elsewhere, but this stack's data are in {_NAMESPACE}" in refused.text
    assert "nothing was changed" in refused.text


@pytest.mark.long
def test_data_is_deleted_in_the_steps_of_the_page_and_in_no_single_one(stack: Workspace, api: Api) -> None:
    stack.configure({"panda-infra:components": _BROKER, "panda-infra:lifecycle": _WITHOUT_IAM})
    refused = stack.up()
    assert refused.code != 0
    assert "components.iam: its claims mariadb.data would stay, although its data shall be" in refused.text
    assert "nothing was changed" in refused.text

    deploy(stack, components=_BOTH, lifecycle=_WITHOUT_IAM)
    assert "iam-mariadb" in claims(api)
    deploy(stack, components=_BROKER)
    assert claims(api) == {"panda-msgsvc-activemq", "panda-shared-logs"}


@pytest.mark.long
def test_an_expired_stack_leaves_nothing_whatever_was_removed_by_hand(stack: Workspace, api: Api) -> None:
    deploy(stack, components=_BROKER, lifecycle=_TEST_STACK)
    expired = documented("python -m panda_infra expired").arguments
    over = command(stack, *expired, "--json")
    assert over.exit_code == 1
    assert json.loads(over.stdout)[0]["must_go"]
    inside = f"/api/v1/namespaces/{_NAMESPACE}"
    # A release without its record, and an object that cannot end as its controller is gone.
    for record in api.list(f"{inside}/secrets?labelSelector=owner%3Dhelm"):
        api.delete(f"{inside}/secrets/{record['metadata']['name']}")
    api.create(f"{inside}/configmaps", {"metadata": {"name": "held", "finalizers": ["example.com/held"]}})
    # Deleted before the namespace is, which would look at it again only a quarter of a minute later.
    api.delete(f"{inside}/configmaps/held")
    reported = documented("python -m panda_infra destroy dev --free-after 60", {"dev": "local", "60": "1"})
    destroyed = command(stack, *reported.arguments, "--yes")
    assert destroyed.exit_code == 0, destroyed.output
    assert "freeing configmaps held, which waits for example.com/held" in destroyed.output
    assert "local: nothing is left" in destroyed.output
    assert resources(stack) == set()
    assert _NAMESPACE not in namespaces(api)
    assert command(stack, *expired).exit_code == 0


@pytest.mark.long
def test_a_schedule_removes_what_is_over(stack: Workspace, api: Api) -> None:
    deploy(stack, components=_BROKER, lifecycle=_TEST_STACK)
    removed = command(stack, *documented("python -m panda_infra expired --remove").arguments)
    assert removed.exit_code == 0, removed.output
    assert "local: nothing is left" in removed.output
    assert _NAMESPACE not in namespaces(api)


def test_a_stack_goes_in_the_order_of_the_page(stack: Workspace) -> None:
    deploy(stack, components=_BOTH, lifecycle=_TEST_STACK)
    destroyed = stack.destroy("--json")
    assert destroyed.code == 0, destroyed.text
    deleted = deletions(destroyed.stdout)
    assert {"Release", "Secret", "PersistentVolumeClaim", "Namespace"} <= deleted.keys()
    assert list(out_of_order(deleted)) == []


@pytest.mark.long
def test_a_cluster_that_is_gone_is_forgotten_only_when_reported(
    stack: Workspace, api: Api, line: Forwarder, bed: Bed
) -> None:
    deploy(stack, components=_BROKER, lifecycle={"protect": True})
    stack.configure({"panda-infra:lifecycle": _TEST_STACK})
    answering = command(stack, "destroy", "local", "--yes", "--cluster-gone")
    assert answering.exit_code == 1
    assert "the cluster answers" in answering.output
    line.cut()
    silent = command(stack, *documented("python -m panda_infra destroy dev", _STACK).arguments, "--yes")
    assert silent.exit_code == 1
    assert "panda_infra destroy local --cluster-gone" in silent.output
    unprotect = documented("pulumi state unprotect --all --stack dev", _STACK)
    assert stack.pulumi(*unprotect.arguments, "--yes").code == 0
    forgotten = command(stack, "destroy", "local", "--yes", "--cluster-gone")
    assert forgotten.exit_code == 0, forgotten.output
    assert "nothing is left" not in forgotten.output
    assert "nothing was looked at" in forgotten.output
    assert resources(stack) == set()

    # It was not gone at all: what was forgotten is found by its names.
    stack.configure({"panda-infra:cluster": {"kind": "existing", "kubeconfig": str(bed.kubeconfig)}})
    left = command(stack, *documented("python -m panda_infra residue dev", _STACK).arguments, "--json")
    assert left.exit_code == 1
    assert {one["kind"] for one in json.loads(left.stdout)} == {"Namespace", "PersistentVolume"}
    api.delete(f"/api/v1/namespaces/{_NAMESPACE}")
