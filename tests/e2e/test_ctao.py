"""CTAO's DPPS with the real engine on the real API: up, up again with no change, one change, destroy with nothing left.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from panda_infra.cli.errors import INCOMPLETE
from panda_infra.clients.kubernetes.objects import true_conditions
from testbed import leftovers, references, stacks, waiting
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import canaries, ctao, helm_objects
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.pages import Command
from tools import REPOSITORY

pytestmark = pytest.mark.e2e

_NAMESPACE = "ctao-life"
_OWN_SECRETS = "ctao-secrets-"
# Pods are ready at once here: nothing to wait for.
_AT_ONCE = {"values": {"minReadySeconds": 0}}
_SERVER = {**_AT_ONCE, "server": {"replicas": 2}}


def components(**changes: Any) -> dict[str, Any]:
    """Rucio's components, because a rehearsal has all; ``changes`` replace the settings of some."""
    quick = {name: ctao.COMPONENTS[name] | _AT_ONCE for name in ("rucio", "rucio-daemons")}
    own: dict[str, Any] = ctao.RUCIO["components"] | quick
    return own | {name.replace("_", "-"): given for name, given in changes.items()}


@pytest.fixture(scope="module")
def stack(
    bed: Bed,
    before: frozenset[str],  # noqa: ARG001 - looked at first
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workspace]:
    file = ctao.written(
        tmp_path_factory.mktemp("ctao"),
        **ctao.RUCIO | {"namespace": _NAMESPACE, "components": components()},
    )
    workspace = stacks.of_file(bed, file, bed.state / "stacks" / _NAMESPACE)
    yield workspace
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture
def cordoned(api: Api) -> Iterator[Callable[[bool], None]]:
    """Keeps pods away from every node, or lets them come again."""

    def cordon(wanted: bool) -> None:
        for node in api.list("/api/v1/nodes"):
            api.merge(
                f"/api/v1/nodes/{node['metadata']['name']}", {"spec": {"unschedulable": wanted or None}}
            )

    yield cordon
    cordon(False)


def objects(api: Api, path: str) -> list[Object]:
    group, _, kind = path.rpartition("/")
    return api.list(f"{group}/namespaces/{_NAMESPACE}/{kind}")


def generations(api: Api) -> dict[str, int]:
    """The number of changes of each Deployment's specification."""
    return {
        each["metadata"]["name"]: each["metadata"]["generation"]
        for each in objects(api, "/apis/apps/v1/deployments")
    }


def test_up_brings_everything_in_its_order(stack: Workspace, api: Api, bed: Bed) -> None:
    result = stack.up()
    assert result.code == 0, result.text
    assert references.check(bed, _NAMESPACE) == []
    jobs = {
        each["metadata"]["labels"]["app.kubernetes.io/instance"]: each
        for each in objects(api, "/apis/batch/v1/jobs")
    }
    assert set(jobs) == {"ctao-rucio-bootstrap", "ctao-rucio-config"}
    # The tables are made before the server asks for them, by a job that was waited for.
    (server,) = (
        each
        for each in objects(api, "/apis/apps/v1/deployments")
        if each["metadata"]["name"] == "ctao-rucio-server"
    )
    ended = jobs["ctao-rucio-bootstrap"]["status"]["completionTime"]
    assert ended <= server["metadata"]["creationTimestamp"]
    assert all(each["status"]["readyReplicas"] == 1 for each in objects(api, "/apis/apps/v1/deployments"))


def test_numbers_of_pods_reach_charts_that_compare_them_with_fractions(api: Api) -> None:
    """C13: the charts fail with whole numbers, which values from a command line are."""
    names = {each["metadata"]["name"] for each in objects(api, "/apis/apps/v1/deployments")}
    assert {"ctao-rucio-server", "ctao-rucio-daemons-reaper"} <= names
    assert "ctao-rucio-daemons-hermes" not in names


def test_no_credential_is_in_any_object_of_helm(stack: Workspace, api: Api) -> None:
    """C47: neither in the records of releases nor in what the charts make of their values."""
    found, shown, own = helm_objects.exposed(api, _NAMESPACE, _OWN_SECRETS, stack)
    assert len([name for name in found if name.startswith("secrets/")]) > len(components())
    assert shown == {}
    # What is looked for is there to be found.
    assert "interfaces.rucioDatabasePassword" in own


def test_no_pod_holds_a_token_of_the_api(api: Api) -> None:
    """C43: the API server itself adds the token to a pod whose account wants it."""
    pods = objects(api, "/api/v1/pods")
    assert {each["spec"]["serviceAccountName"] for each in pods} >= {"ctao-rucio", "ctao-rucio-daemons"}
    assert [
        each["metadata"]["name"]
        for each in pods
        if "serviceAccountToken" in json.dumps(each["spec"]["volumes"])
    ] == []


def test_up_again_changes_nothing(stack: Workspace, api: Api) -> None:
    known = generations(api)
    result = stack.up("--json")
    assert result.code == 0, result.text
    assert changes(result.stdout) == ()
    assert generations(api) == known


def test_verify_reports_on_each_goal(stack: Workspace) -> None:
    shown = run_in(stack.folder, stack.environment(), "verify", "ctao", "--json")
    assert shown.exit_code == INCOMPLETE, shown.output
    assert canaries.found_in(shown.output, canaries.values(stack.encrypted["panda-infra:secrets"])) == []
    found = json.loads(shown.stdout)
    results = {each["name"]: each["result"] for each in found["checks"]}
    assert {name for name, result in results.items() if result == "failed"} == set()
    assert {"rucio.ping", "rucio.whoami", "rucio-daemons.rule", "rucio-bootstrap.job"} <= results.keys()
    assert results["rucio.credentials"] == "ok"
    goals = {each["id"]: each["result"] for each in found["requirements"]}
    assert (goals["DPPS-CERTIFICATES"], goals["DPPS-FIXTURES"]) == ("verified", "not verified")
    assert goals["DPPS-GITOPS"] == "no check"


def test_a_job_that_has_failed_runs_again_when_the_reason_is_gone(
    stack: Workspace, api: Api, cordoned: Callable[[bool], None]
) -> None:
    hasty = {"timeout": 15, "job": {"annotations": {"panda.org/try": "second"}}}
    stack.configure({"panda-infra:components": components(rucio_bootstrap=hasty)})
    cordoned(True)
    result = stack.up()
    assert result.code != 0
    assert "pod ctao-rucio-bootstrap-job-" in result.text
    # The end of its time, for which nobody waits here.
    (job,) = (
        f"/apis/batch/v1/namespaces/{_NAMESPACE}/jobs/{each['metadata']['name']}"
        for each in objects(api, "/apis/batch/v1/jobs")
        if "Complete" not in true_conditions(each)
    )
    api.merge(job, {"spec": {"activeDeadlineSeconds": 1}})
    waiting.until(lambda: "Failed" in true_conditions(api.get(job)), "the failed job", 60)
    cordoned(False)
    result = stack.up()
    assert result.code == 0, result.text
    assert "has failed before" in result.text
    result = stack.up("--json")
    assert (result.code, changes(result.stdout)) == (0, ()), result.text


def test_a_change_of_the_server_touches_no_daemon(stack: Workspace, api: Api) -> None:
    known = generations(api)
    stack.configure({"panda-infra:components": components(rucio=_SERVER)})
    result = stack.up()
    assert result.code == 0, result.text
    after = generations(api)
    assert {name for name in after if after[name] != known[name]} == {"ctao-rucio-server"}


def test_destroy_leaves_nothing(stack: Workspace, bed: Bed, before: frozenset[str]) -> None:
    result = stack.destroy()
    assert result.code == 0, result.text
    assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (documented("python -m panda_infra check ctao"), "ctao: ok"),
        (documented("python -m panda_infra explain ctao interfaces"), "interfaces.rucioDatabase"),
    ],
    ids=str,
)
def test_the_commands_of_the_page(command: Command, said: str) -> None:
    done = subprocess.run(
        [sys.executable, *command.words[1:]], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout + done.stderr
