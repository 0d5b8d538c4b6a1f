"""What Argo CD does when a chart is broken, pushed, or gone, and what stays of the data.

The tests of this module follow one protected stack, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from testbed import charts
from testbed.argocd_bed import applications
from testbed.argocd_bed.bed import ArgoCd
from testbed.argocd_bed.git import Repository
from testbed.bed import Bed
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_HOSTS = {"panda": "panda.localhost", "iam": "iam.localhost"}
_COMPONENTS: dict[str, Any] = {"msgsvc": {}, "iam": {}, "iam-db": {}, "panda": {}}
_NOTE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pushed}\n"


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed, polling=10) as argo:
        yield argo


@pytest.fixture(scope="module")
def repository(argo: ArgoCd) -> Repository:
    return argo.git.repository("fork")


def charts_at(repository: Repository, revision: str) -> dict[str, Any]:
    """The section of the charts at a commit."""
    return {"kind": "git", "url": repository.url, "revision": revision, "path": "helm"}


@pytest.fixture(scope="module")
def stack(bed: Bed, repository: Repository, argo: ArgoCd) -> Iterator[ArgoStack]:
    revision = ""
    for name in _COMPONENTS:
        revision = repository.copy(charts.FIXTURES / name, f"helm/{name}")
    sections = {
        "panda-infra:components": _COMPONENTS,
        "panda-infra:hosts": _HOSTS,
        "panda-infra:lifecycle": {"protect": True},
        "panda-infra:charts": charts_at(repository, revision),
        "panda-infra:delivery": {"kind": "argocd", "follow": "main"},
    }
    made = ArgoStack(bed, "faults", DELIVERED | sections)
    made.up()
    assert set(made.applications(argo)) == {"panda-msgsvc", "iam", "iam-db", "panda"}
    yield made
    made.workspace.configure({"panda-infra:lifecycle": {"protect": False}})
    made.up()
    result = made.workspace.destroy()
    assert result.code == 0, result.text
    assert made.applications(argo) == {}


def test_a_push_to_the_followed_branch_is_deployed_within_the_polling_interval(
    stack: ArgoStack, repository: Repository, argo: ArgoCd
) -> None:
    revision = repository.commit({"helm/msgsvc/templates/pushed.yaml": _NOTE})
    applications.settle(stack.api, argo.namespace, ["panda-msgsvc"], revision, seconds=90)
    stack.api.get(f"/api/v1/namespaces/{stack.namespace}/configmaps/pushed")
    stack.up("--expect-no-changes")


def test_a_broken_chart_ends_in_a_clear_error_and_the_old_pods_stay(
    stack: ArgoStack, repository: Repository
) -> None:
    before = stack.uids()
    broken = repository.commit({"helm/msgsvc/templates/pushed.yaml": "{{ fail `this chart is broken` }}"})
    pinned = {"panda-infra:delivery": "argocd", "panda-infra:charts": charts_at(repository, broken)}
    stack.workspace.configure(pinned)
    result = stack.workspace.up()
    assert result.code != 0
    assert "Application panda-msgsvc ComparisonError" in result.text
    assert "this chart is broken" in result.text
    assert stack.uids() == before
    mended = repository.commit({"helm/msgsvc/templates/pushed.yaml": _NOTE})
    stack.workspace.configure({"panda-infra:charts": charts_at(repository, mended)})
    stack.up()
    assert stack.uids() == before


def test_nothing_changed_is_nothing_synced(stack: ArgoStack, argo: ArgoCd) -> None:
    syncs, uids = stack.syncs(argo), stack.uids()
    looks = {name: each["status"]["reconciledAt"] for name, each in stack.applications(argo).items()}

    def looked_again() -> bool:
        found = stack.applications(argo)
        return all(found[name]["status"]["reconciledAt"] > looks[name] for name in looks)

    stack.until(looked_again, "every Application being compared again", 120)
    assert stack.syncs(argo) == syncs
    assert stack.uids() == uids


def test_the_data_of_a_component_that_goes_stay_for_its_return(stack: ArgoStack, argo: ArgoCd) -> None:
    claims = {name: uid for name, uid in stack.uids().items() if name.startswith("persistentvolumeclaims/")}
    kept = [name for name in claims if "msgsvc" in name]
    assert kept
    rest = {name: settings for name, settings in _COMPONENTS.items() if name == "iam-db"}
    stack.workspace.configure(
        {
            "panda-infra:components": rest,
            "panda-infra:hosts": {},
        }
    )
    refused = stack.workspace.preview()
    assert "components.iam-db" in refused.text, "is of no use alone"
    stack.workspace.configure({"panda-infra:components": _COMPONENTS, "panda-infra:hosts": _HOSTS})
    path = applications.path(argo.namespace, "panda-msgsvc")
    stack.api.delete(path)
    stack.until(lambda: "panda-msgsvc" not in stack.applications(argo), "the Application being gone")
    after = stack.uids()
    assert {name: after.get(name) for name in claims} == claims, "no cascade in a protected stack"
    assert "is not in the cluster any more" in stack.workspace.preview().text
    stack.up()
    assert stack.uids() == after
