"""What happens to a stack that Argo CD delivers from a git repository: commits, edits by hand, faults, restarts.

The tests of this module follow one stack, in the order of the file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from testbed import charts, leftovers, waiting
from testbed.argocd_bed import applications
from testbed.argocd_bed.bed import ArgoCd
from testbed.argocd_bed.git import Repository
from testbed.bed import Bed
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_POLLING = 15
_PATIENCE = 120.0
_QUIET = 120.0
_NAMESPACE = "followed"
_APPLICATIONS = ("panda-msgsvc", "iam", "iam-db")
_BROKER = "helm/msgsvc/templates"
_CLAIM = "helm/msgsvc/charts/activemq/templates/activemq.yaml"
_BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.absent.key }}}\n"
# It holds a sync up for ten seconds.
_SLOW_HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: slow
  annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded}
spec:
  template:
    metadata:
      annotations: {testbed.panda-infra/ready-after: 10s}
    spec:
      restartPolicy: Never
      containers: [{name: a, image: a}]
"""


def _marker(content: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: marker}}\ndata: {{content: {content}}}\n"


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed, polling=_POLLING) as argo:
        before = leftovers.of_cluster(bed)
        yield argo
        assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


@pytest.fixture(scope="module")
def repository(argo: ArgoCd) -> Repository:
    made = argo.git.repository("panda-k8s")
    made.copy(charts.FIXTURES, "helm")
    return made


@pytest.fixture(scope="module")
def stack(repository: Repository, bed: Bed) -> Iterator[ArgoStack]:
    revision = repository.commit({"helm/README": "The charts of a fork.\n"})
    source = {"kind": "git", "url": repository.url, "revision": revision, "path": "helm"}
    sections = {
        "panda-infra:charts": source,
        "panda-infra:delivery": {"kind": "argocd", "follow": "main"},
        "panda-infra:components": {"msgsvc": {}, "iam": {}, "iam-db": {}},
        "panda-infra:hosts": {"iam": "iam.localhost"},
    }
    made = ArgoStack(bed, _NAMESPACE, DELIVERED | sections)
    yield made
    made.workspace.destroy()


def _content(stack: ArgoStack) -> str | None:
    """The content of the marker, which a commit puts into the chart of the broker."""
    found = {each["metadata"]["name"]: each for each in stack.listed("configmaps")}
    return found["marker"]["data"]["content"] if "marker" in found else None


def _settle(stack: ArgoStack, argo: ArgoCd, revision: str = "") -> None:
    applications.settle(stack.api, argo.namespace, _APPLICATIONS, revision, seconds=_PATIENCE)


def _seconds_until(condition: Callable[[], bool], what: str) -> float:
    began = time.monotonic()
    waiting.until(condition, what, _PATIENCE)
    return time.monotonic() - began


@contextmanager
def _same_pods(stack: ArgoStack) -> Iterator[None]:
    before = stack.uids()
    yield
    assert stack.uids() == before


def test_a_commit_is_rolled_out_within_the_interval_of_polling(
    stack: ArgoStack, argo: ArgoCd, repository: Repository
) -> None:
    stack.up()
    with _same_pods(stack):
        revision = repository.commit({f"{_BROKER}/marker.yaml": _marker("polled")})
        took = _seconds_until(lambda: _content(stack) == "polled", "the commit rolled out")
        _settle(stack, argo, revision)
    # Comparing and writing take some seconds beyond the interval.
    assert took < _POLLING + 15
    stack.up("--expect-no-changes")


def test_a_change_by_hand_is_taken_back(stack: ArgoStack, argo: ArgoCd) -> None:
    marker = f"/api/v1/namespaces/{_NAMESPACE}/configmaps/marker"
    stack.api.merge(marker, {"data": {"content": "by hand"}})
    _seconds_until(lambda: _content(stack) == "polled", "the change taken back")
    stack.api.delete(marker)
    _seconds_until(lambda: _content(stack) == "polled", "the object made again")
    _settle(stack, argo)


def test_nothing_is_synced_while_nothing_changes(stack: ArgoStack, argo: ArgoCd) -> None:
    syncs, began = stack.syncs(argo), datetime.now(UTC)
    with _same_pods(stack):
        time.sleep(_QUIET)  # the absence of syncs is what is measured
    assert stack.syncs(argo) == syncs
    for name in _APPLICATIONS:
        operation = stack.applications(argo)[name]["status"]["operationState"]
        assert datetime.fromisoformat(operation["startedAt"]) < began


def test_a_broken_chart_is_reported_and_leaves_the_old_pods(
    stack: ArgoStack, argo: ArgoCd, repository: Repository
) -> None:
    with _same_pods(stack):
        repository.commit({f"{_BROKER}/broken.yaml": _BROKEN})

        def reported() -> str:
            return applications.status(stack.api, argo.namespace, "panda-msgsvc").message

        waiting.until(lambda: "broken.yaml" in reported(), "the error of the chart", _PATIENCE)
        result = stack.workspace.up()
        assert result.code != 0
        assert "broken.yaml" in result.text
        assert "Traceback" not in result.text
    with _same_pods(stack):
        revision = repository.commit({f"{_BROKER}/broken.yaml": ""})
        _settle(stack, argo, revision)
    stack.up()


def test_a_claim_that_a_chart_drops_keeps_its_data(
    stack: ArgoStack, argo: ArgoCd, repository: Repository
) -> None:
    before = {name: uid for name, uid in stack.uids().items() if name.startswith("persistentvolumeclaims")}
    assert before
    stack.workspace.configure({"panda-infra:lifecycle": {"protect": True}})
    stack.up()
    former = (repository.clone / _CLAIM).read_text()
    dropped = former.replace("claim: true", "claim: false")
    assert dropped != former
    revision = repository.commit({_CLAIM: dropped})

    def compared() -> bool:
        return applications.status(stack.api, argo.namespace, "panda-msgsvc").revision == revision

    waiting.until(compared, "the commit compared", _PATIENCE)
    waiting.until(
        lambda: applications.status(stack.api, argo.namespace, "panda-msgsvc").phase != "Running",
        "the sync",
        _PATIENCE,
    )
    assert before.items() <= stack.uids().items()
    revision = repository.commit({_CLAIM: former})
    _settle(stack, argo, revision)
    assert before.items() <= stack.uids().items()
    stack.workspace.configure({"panda-infra:lifecycle": {"protect": False}})
    stack.up()


def test_a_controller_that_ends_in_the_middle_of_a_sync_goes_on(
    stack: ArgoStack, argo: ArgoCd, repository: Repository
) -> None:
    repository.announce(argo.server)
    revision = repository.commit(
        {f"{_BROKER}/slow.yaml": _SLOW_HOOK, f"{_BROKER}/marker.yaml": _marker("restarted")}
    )

    def running() -> bool:
        return applications.status(stack.api, argo.namespace, "panda-msgsvc").phase == "Running"

    with _same_pods(stack):
        waiting.until(running, "the sync", _PATIENCE)
        argo.kill_controller()
        assert running()
        assert _content(stack) == "polled"
        argo.start_controller()
        _settle(stack, argo, revision)
        assert _content(stack) == "restarted"


def test_destroy_removes_every_application_with_its_objects(stack: ArgoStack, argo: ArgoCd) -> None:
    result = stack.workspace.destroy()
    assert result.code == 0, result.text
    assert stack.is_gone()
    assert stack.applications(argo) == {}
