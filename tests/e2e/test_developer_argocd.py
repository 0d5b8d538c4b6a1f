"""A developer's stack on a cluster whose Argo CD delivers its parent: a push to its branch is deployed by itself.

The tests of this module follow one stack, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import Result

from testbed import charts, leftovers
from testbed.argocd_bed import applications
from testbed.argocd_bed.bed import ArgoCd
from testbed.argocd_bed.git import Repository
from testbed.bed import Bed
from tests.support import fast_yaml
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation
from tests.support.command_line import run_in

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAME = "grace"
_NAMESPACE = f"dev-{_NAME}"
_COMPONENTS: dict[str, Any] = {"msgsvc": {}, "iam": {}, "iam-db": {}, "panda": {}}
_NOTE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pushed}\n"


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed) as argo:
        yield argo


@pytest.fixture(scope="module")
def before(argo: ArgoCd, bed: Bed) -> frozenset[str]:
    del argo  # is there before
    return leftovers.of_cluster(bed)


@pytest.fixture(scope="module")
def repository(argo: ArgoCd) -> Repository:
    """A fork of the charts, whose pushes are announced."""
    made = argo.git.repository("of-grace")
    for name in _COMPONENTS:
        made.copy(charts.FIXTURES / name, f"helm/{name}")
    made.announce(argo.server)
    return made


@pytest.fixture(scope="module")
def parent(bed: Bed, before: frozenset[str]) -> ArgoStack:
    """A stack that Argo CD delivers; it need not be deployed for its cluster to be shared."""
    assert before
    sections = {
        "panda-infra:components": _COMPONENTS,
        "panda-infra:hosts": {"panda": "panda.localhost", "iam": "iam.localhost"},
    }
    return ArgoStack(bed, "lender-by-argo", DELIVERED | sections)


def dev(parent: ArgoStack, *arguments: str) -> Result:
    return run_in(parent.project, parent.workspace.environment(), "dev", *arguments)


def of_developer(parent: ArgoStack, argo: ArgoCd) -> dict[str, Any]:
    """The Applications of the developer's namespace, by name."""
    found = parent.api.list(applications.path(argo.namespace))
    return {
        each["metadata"]["name"]: each
        for each in found
        if each["spec"]["destination"]["namespace"] == _NAMESPACE
    }


def test_up_has_the_parents_argo_cd_follow_the_branch(
    parent: ArgoStack, argo: ArgoCd, repository: Repository
) -> None:
    made = dev(
        parent, "up", _NAME, "--from", "local", "--component", "iam", "--charts", f"git+{repository.url}@main"
    )
    assert made.exit_code == 0, made.output
    sections = fast_yaml.load((parent.project / f"Pulumi.{_NAMESPACE}.yaml").read_text())["config"]
    assert sections["panda-infra:delivery"] == {"kind": "argocd", "follow": "main"}
    found = of_developer(parent, argo)
    assert set(found) == {f"iam-{_NAME}"}
    assert {each["spec"]["source"]["targetRevision"] for each in found.values()} == {"main"}
    applications.settle(parent.api, argo.namespace, list(found))


def test_a_push_is_deployed_by_itself(parent: ArgoStack, argo: ArgoCd, repository: Repository) -> None:
    revision = repository.commit({"helm/iam/templates/pushed.yaml": _NOTE})
    applications.settle(parent.api, argo.namespace, [f"iam-{_NAME}"], revision, seconds=60)
    parent.api.get(f"/api/v1/namespaces/{_NAMESPACE}/configmaps/pushed")
    again = parent.workspace.pulumi("preview", "--stack", _NAMESPACE, "--expect-no-changes", "--refresh")
    assert again.code == 0, again.text


def test_list_shows_it_and_down_leaves_nothing(
    parent: ArgoStack, argo: ArgoCd, bed: Bed, before: frozenset[str]
) -> None:
    listed = dev(parent, "list", "--json")
    assert listed.exit_code == 0, listed.output
    (found,) = json.loads(listed.stdout)
    assert (found["name"], found["health"]) == (_NAME, "healthy")
    done = dev(parent, "down", _NAME, "--yes")
    assert done.exit_code == 0, done.output
    assert of_developer(parent, argo) == {}
    projects = parent.api.list("/apis/argoproj.io/v1alpha1/appprojects")
    assert not [each for each in projects if _NAMESPACE in each["metadata"]["name"]]
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
