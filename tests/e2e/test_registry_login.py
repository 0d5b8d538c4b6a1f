"""Charts from a registry with a log-in: what Helm's log-in opens, the program and the engine open too.

The tests of this module follow one stack through its life, in the order of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from testbed import charts, stacks
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support.registries import LoginRegistry, log_in, login_registry, push

pytestmark = pytest.mark.e2e

_NAMESPACE = "registry-login"
_VERSION = "0.1.0+site.3"  # with metadata, for which a tag has no sign


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoginRegistry]:
    with login_registry(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture(scope="module")
def logged_in(registry: LoginRegistry, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a person who has logged in to both, and has pushed the chart."""
    environment = registry.environment(tmp_path_factory.mktemp("helm"))
    whole = {**os.environ, **environment}
    for host in (registry.basic, registry.bearer):
        log_in(host, whole)
    chart = charts.FIXTURES / "msgsvc"
    push(chart, _VERSION, f"oci://{registry.basic}/site-charts", whole, tmp_path_factory.mktemp("pushed"))
    return environment


@pytest.fixture(scope="module")
def stack(bed: Bed, registry: LoginRegistry, logged_in: Mapping[str, str]) -> Iterator[Workspace]:
    workspace = stacks.local(
        bed,
        bed.state / "stacks" / _NAMESPACE,
        {
            "panda-infra:namespace": _NAMESPACE,
            "panda-infra:charts": {"kind": "oci", "repository": f"oci://{registry.basic}/site-charts"},
            "panda-infra:components": {"msgsvc": {"chart": {"version": _VERSION}}},
            "panda-infra:hosts": {},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    yield workspace
    workspace.unattended("destroy", environment=logged_in)


def test_without_a_log_in_it_is_said_how_to_make_one(
    stack: Workspace, registry: LoginRegistry, tmp_path: Path
) -> None:
    refused = stack.pulumi("preview", "--stack", stack.stack, environment=registry.environment(tmp_path))
    assert refused.code != 0
    assert "nobody is logged in there" in refused.text
    assert f"helm registry login {registry.basic}" in refused.text


@pytest.mark.long
def test_a_basic_challenge_is_answered(stack: Workspace, logged_in: Mapping[str, str]) -> None:
    deployed = stack.unattended("up", environment=logged_in)
    assert deployed.code == 0, deployed.text
    assert stack.outputs()["charts"] == {"msgsvc": _VERSION}


@pytest.mark.long
def test_a_bearer_challenge_is_answered(
    stack: Workspace, registry: LoginRegistry, logged_in: Mapping[str, str], tmp_path: Path
) -> None:
    repository = {"kind": "oci", "repository": f"oci://{registry.bearer}/site-charts"}
    stack.configure({"panda-infra:charts": repository})
    refused = stack.pulumi("preview", "--stack", stack.stack, environment=registry.environment(tmp_path))
    assert refused.code != 0
    assert "gives no token (HTTP 401), and nobody is logged in there" in refused.text
    # The file of log-ins may lie elsewhere; Helm's variable for it is the program's and the engine's, too.
    helm = Path(logged_in["HELM_CONFIG_HOME"])
    elsewhere = registry.environment(tmp_path) | {
        "HELM_REGISTRY_CONFIG": str(helm / "registry" / "config.json")
    }
    deployed = stack.unattended("up", environment=elsewhere)
    assert deployed.code == 0, deployed.text
    again = stack.pulumi("preview", "--stack", stack.stack, "--expect-no-changes", environment=logged_in)
    assert again.code == 0, again.text
