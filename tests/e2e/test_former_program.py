"""What the former layout of the program has deployed stays as it is: the present program finds nothing to change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.review.commits import CommitError, full_name, unpacked
from panda_infra.secrets.generate import revealed, stand_ins
from testbed import site
from testbed.api import Api
from testbed.bed import Bed
from testbed.places import place
from testbed.rehearsal import changes, in_place
from testbed.workspace import PROJECT, Result, Workspace, overridden
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

# The last commit before the rooms of the program were laid out anew.
_FORMER = "33bb8d010286c0609d19bb9230800226d061fb6e"
_STACKS = ("local", "sphenix", "lsst", "lsst-prod", "doma", "atlas-testbed")


@pytest.fixture(scope="module")
def former() -> Iterator[Path]:
    """A checkout of the former program."""
    try:
        commit = full_name(REPOSITORY, _FORMER)
    except CommitError as error:
        pytest.skip(f"the history is not whole: {error}")
    with unpacked(REPOSITORY, commit) as folder:
        yield folder


@pytest.mark.parametrize("stack", _STACKS)
def test_a_stack_of_the_former_program_stays_as_it_is(
    stack: str, former: Path, bed: Bed, tmp_path: Path
) -> None:
    file = former / f"Pulumi.{stack}.yaml"
    with place(bed, make_plan(stack, site.configuration(overridden(file, {})))) as where:
        document = in_place(file, bed, where)
        # All that its site gives stands in the document by now: neither program reads the other's sites.
        document.pop(f"{PROJECT}:site", None)
        config = site.configuration(document)
        workspace = Workspace(tmp_path / stack, stack)
        workspace.create(document)
        workspace.encrypt(f"{PROJECT}:secrets", revealed(stand_ins(config)))

        def run(command: str, *options: str) -> Result:
            words = (command, "--stack", stack, *options)
            result = workspace.pulumi(*words, environment=where.environment)
            assert result.code == 0, result.text
            return result

        workspace.link(former)
        run("up", "--yes", "--skip-preview")
        try:
            pods = _pods(where.kubernetes(), config.namespace)
            assert pods
            workspace.link(REPOSITORY)
            previewed = json.loads(run("preview", "--json", "--diff").stdout)
            assert _differing(previewed) == {}
            assert changes(run("up", "--yes", "--skip-preview", "--json").stdout) == ()
            assert _pods(where.kubernetes(), config.namespace) == pods
        finally:
            run("destroy", "--yes", "--skip-preview")


def _differing(preview: dict[str, object]) -> dict[str, object]:
    """What the engine would do to each resource that does not stay the same."""
    steps = preview["steps"]
    assert isinstance(steps, list)
    assert steps
    return {step["urn"]: step for step in steps if step["op"] != "same"}


def _pods(bed: Bed, namespace: str) -> dict[str, tuple[str, int]]:
    """The identity of each pod and how often its containers were started, by its name."""
    return {
        pod["metadata"]["name"]: (
            pod["metadata"]["uid"],
            sum(each["restartCount"] for each in pod["status"].get("containerStatuses") or ()),
        )
        for pod in Api(bed.kubeconfig).list(f"/api/v1/namespaces/{namespace}/pods")
        if pod["metadata"].get("ownerReferences", [{}])[0].get("kind") != "Job"
    }
