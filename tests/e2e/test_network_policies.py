"""Network policies come and go with one word, against the real API server, and touch nothing else.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import leftovers, stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.namespace_objects import uids
from tests.support.network_policies import Cluster, End

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "fenced"
_POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{_NAMESPACE}/networkpolicies"
_SECTION = "panda-infra:networkPolicies"
_SMALL: dict[str, Any] = {
    "panda-infra:namespace": _NAMESPACE,
    "panda-infra:components": {"msgsvc": {}, "panda": {}},
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard"},
    _SECTION: {"kind": "standard", "apiServer": ["10.254.0.1/32"]},
}
_KINDS = (
    ("/api/v1", ("pods", "services", "persistentvolumeclaims", "secrets", "configmaps")),
    ("/apis/apps/v1", ("deployments", "statefulsets")),
)


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str]) -> Iterator[Workspace]:  # noqa: ARG001 - looked at first
    workspace = stacks.local(bed, bed.state / "stacks" / _NAMESPACE, _SMALL)
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def objects(api: Api) -> dict[str, str]:
    """The uid of each object of the namespace but the policies, without Helm's records."""
    return uids(api, _NAMESPACE, _KINDS)


def end(api: Api, name: str) -> End:
    """A pod of a sub-component, as it runs."""
    pods = api.list(f"/api/v1/namespaces/{_NAMESPACE}/pods")
    (pod,) = [each for each in pods if each["metadata"]["labels"].get("app.kubernetes.io/name") == name]
    return End(_NAMESPACE, pod["status"]["podIP"], pod["metadata"]["labels"])


def policies(api: Api) -> list[Object]:
    return api.list(_POLICIES)


def test_the_api_server_takes_every_policy_and_pods_have_their_edges(stack: Workspace, api: Api) -> None:
    done = stack.up()
    assert done.code == 0, done.text
    found = policies(api)
    assert {each["metadata"]["name"].removeprefix("panda-infra-") for each in found} == {
        "default-deny",
        "panda-msgsvc-activemq",
        "panda-server",
        "panda-jedi",
        "panda-postgres",
    }
    assert all("panda-infra/owner" in each["metadata"]["annotations"] for each in found)
    cluster = Cluster(found)
    server, jedi, broker = (end(api, name) for name in ("server", "jedi", "activemq"))
    assert cluster.allows(jedi, broker, 61613)
    assert cluster.allows(jedi, server, 25443)
    assert not cluster.allows(broker, server, 25443)
    assert not cluster.allows(server, jedi, 25443)
    assert not cluster.allows(End("default", "10.42.0.9"), server, 25443)


def test_up_again_changes_nothing(stack: Workspace) -> None:
    done = stack.up("--json")
    assert done.code == 0, done.text
    assert changes(done.stdout) == ()


def test_the_page_of_the_stack_lists_the_edges(stack: Workspace) -> None:
    command = documented("python -m panda_infra explain doma", {"doma": "local"})
    shown = run_in(stack.folder, stack.environment(), *command.words[3:])
    assert shown.exit_code == 0, shown.output
    assert "| panda.jedi | msgsvc.activemq | 61613 |" in " ".join(shown.output.split())


def test_one_word_takes_them_away_and_nothing_else(stack: Workspace, api: Api) -> None:
    known = objects(api)
    stack.configure({_SECTION: {**_SMALL[_SECTION], "kind": "none"}})
    done = stack.up()
    assert done.code == 0, done.text
    assert policies(api) == []
    assert objects(api) == known


def test_destroy_leaves_nothing(stack: Workspace, bed: Bed, api: Api, before: frozenset[str]) -> None:
    stack.configure({_SECTION: {"kind": "standard"}})
    again = stack.up()
    assert again.code == 0, again.text
    assert policies(api)
    done = stack.destroy()
    assert done.code == 0, done.text
    assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
