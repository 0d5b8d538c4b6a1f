"""A cluster that refuses a credential is there: nothing of it is forgotten, and a new credential ends the trouble.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
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
from tests.support.front import Front, front

pytestmark = pytest.mark.e2e

_NAMESPACE = "refused-access"
_ENDED, _RENEWED = "kubeconfig-u-abc:ended", "kubeconfig-u-abc:renewed"


@pytest.fixture(scope="module")
def rancher(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(bed.kubeconfig, tmp_path_factory.mktemp("front")) as made:
        yield made


@pytest.fixture(scope="module")
def kubeconfig(bed: Bed, rancher: Front) -> Path:
    """With the token that will end."""
    file = bed.state / "front-kubeconfig"
    file.write_text(fast_yaml.dump(rancher.kubeconfig(_ENDED)))
    return file


@pytest.fixture(scope="module")
def stack(bed: Bed, rancher: Front, kubeconfig: Path) -> Iterator[Workspace]:
    rancher.tokens = {_ENDED, _RENEWED}
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:cluster": {"kind": "existing", "kubeconfig": str(kubeconfig)},
            "panda-infra:components": {"msgsvc": {}},
            "panda-infra:hosts": {},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    yield workspace
    rancher.tokens = {_ENDED, _RENEWED}
    workspace.destroy()


@pytest.fixture(scope="module")
def api(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


def command(stack: Workspace, *arguments: str) -> Result:
    return run_in(stack.folder, stack.environment(), *arguments)


def resources(stack: Workspace) -> set[str]:
    found = json.loads(stack.exported_state())["deployment"].get("resources", [])
    return {one["urn"] for one in found if one["type"] != "pulumi:providers:pulumi"}


def inside(api: Api) -> set[str]:
    """The names of what the stack has in the cluster."""
    kinds = ("pods", "secrets", "services", "persistentvolumeclaims")
    found: list[dict[str, Any]] = []
    for kind in kinds:
        found += api.list(f"/api/v1/namespaces/{_NAMESPACE}/{kind}")
    return {one["metadata"]["name"] for one in found}


def test_what_has_ended_and_how_to_renew_it_is_printed_and_nothing_is_changed(
    stack: Workspace, api: Api, rancher: Front, kubeconfig: Path
) -> None:
    deployed = stack.up()
    assert deployed.code == 0, deployed.text
    before, there = resources(stack), inside(api)
    assert before
    assert there
    rancher.tokens = {_RENEWED}
    for arguments in (("destroy", "local", "--yes"), ("status", "local"), ("residue", "local")):
        refused = command(stack, *arguments)
        assert refused.exit_code == 1, refused.output
        assert "answers 401" in refused.output
        assert f"the token of user operator, context downstream, of {kubeconfig}" in refused.output
        assert f"put it into {kubeconfig}" in refused.output
        assert "cluster-gone" not in refused.output
        assert "nothing is left" not in refused.output
        assert _ENDED not in refused.output
    assert (resources(stack), inside(api)) == (before, there)


@pytest.mark.parametrize("line", ["destroy local --yes --cluster-gone", "residue local --cluster-gone"])
def test_nobody_can_call_it_gone(stack: Workspace, api: Api, line: str) -> None:
    before, there = resources(stack), inside(api)
    refused = command(stack, *line.split())
    assert refused.exit_code == 1
    assert "the cluster answers, so it is not gone and nothing was changed" in refused.output
    assert "nothing is left" not in refused.output
    assert (resources(stack), inside(api)) == (before, there)
    assert before
    assert there


def test_a_preview_says_the_same(stack: Workspace, kubeconfig: Path) -> None:
    refused = stack.preview()
    assert refused.code != 0
    assert "cluster.kubeconfig: " in refused.text
    assert f"the token of user operator, context downstream, of {kubeconfig}" in refused.text


def test_what_is_not_of_the_cluster_is_no_proof(
    stack: Workspace, api: Api, rancher: Front, kubeconfig: Path
) -> None:
    """A proxy in front of it answers that there is no such page, as of a path that is wrong."""
    there = inside(api)
    document = rancher.kubeconfig(_RENEWED)
    document["clusters"][0]["cluster"]["server"] = f"https://localhost:{rancher.port}/elsewhere"
    kubeconfig.write_text(fast_yaml.dump(document))
    for line in ("residue local", "destroy local --yes", "destroy local --yes --cluster-gone"):
        refused = command(stack, *line.split())
        assert refused.exit_code == 1
        assert "nothing is left" not in refused.output
    assert "but no API server: check `server`" in command(stack, "residue", "local").output
    assert inside(api) == there


def test_with_a_new_token_nothing_is_left(
    stack: Workspace, api: Api, rancher: Front, kubeconfig: Path
) -> None:
    kubeconfig.write_text(fast_yaml.dump(rancher.kubeconfig(_RENEWED)))
    line = documented("python -m panda_infra destroy dev", {"dev": "local"})
    destroyed = command(stack, *line.arguments, "--yes")
    assert destroyed.exit_code == 0, destroyed.output
    assert "local: nothing is left" in destroyed.output
    assert resources(stack) == set()
    assert _NAMESPACE not in {one["metadata"]["name"] for one in api.list("/api/v1/namespaces")}
